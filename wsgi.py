"""The app for a server: `gunicorn wsgi:app`. A bad environment stops the start with one line."""

import sys

from booking.app import create_app
from booking.core.errors import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(str(error))
