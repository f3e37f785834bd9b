"""The desk of the service, for its doors: `desk: AtDesk`."""

from typing import Annotated

from fastapi import Depends, Request

from shared.platform.desk import Desk


async def the_desk(request: Request) -> Desk:
    """The desk that `assemble` put there; not awaited for, but what is not `async` is run in a thread for each call."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(the_desk)]
