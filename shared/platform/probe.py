"""`python -m shared.platform.probe PORT...`: whether what answers here is ready; else what stands still."""

import sys
from urllib.error import HTTPError
from urllib.request import urlopen


def main() -> None:
    """Exit 0 when it is ready, 1 when not; the standard library alone, because this runs every few seconds."""
    try:
        for port in [int(sys.argv[1]), *map(int, sys.argv[2:])]:
            with urlopen(f"http://127.0.0.1:{port}/ready", timeout=4) as answer:
                answer.read()
    except HTTPError as not_ready:
        sys.exit(not_ready.read().decode("utf-8", "replace"))
    except OSError as silent:
        sys.exit(f"nothing answers ({type(silent).__name__})")
    except (IndexError, ValueError):
        sys.exit("say at which port: python -m shared.platform.probe 8001")


if __name__ == "__main__":
    main()
