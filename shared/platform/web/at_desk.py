"""The desk of the service, for its doors: `desk: AtDesk`."""

from typing import Annotated

from fastapi import Depends, Request

from shared.platform.desk import Desk


def the_desk(request: Request) -> Desk:
    """The desk that `assemble` put there."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(the_desk)]
