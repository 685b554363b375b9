"""`python -m deltaedit_kit.labs.app`: what `make app` runs. Options are Voilà's."""

from deltaedit_kit.labs.app.server import main

if __name__ == "__main__":
    main()
