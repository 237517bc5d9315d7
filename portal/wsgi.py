import os

from django.core.wsgi import get_wsgi_application

from portal.common.database.postgresql.line import patience
from portal.common.languages.remembered import remember_words
from portal.common.web.request import Utf8Request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
application.request_class = Utf8Request
# No page takes as long; commands, which also use the pool, may.
patience.seconds = 15
remember_words()
