"""The app for a server: `gunicorn wsgi:app`. What would be unsafe, or could not work, stops the start with one line."""

import sys

from booking.app import create_app
from booking.core.db import db
from booking.core.errors import SettingsError
from booking.office.starting import refuse_unsafe_start

try:
    app = create_app()
    with app.app_context():
        refuse_unsafe_start(app.extensions["booking_settings"])
        db.engine.dispose()
except SettingsError as error:
    sys.exit(str(error))
