"""Makes the original's database with the real Django: make_db.py DB MODELS.py… ROWS.json

The models become those of an app called polls. The rows are {model: [{field: value}, …]}; Django fills in the defaults."""

import atexit
import json
import os
import shutil
import sys
import tempfile

database, *sources, rows = sys.argv[1:]
root = tempfile.mkdtemp()
atexit.register(shutil.rmtree, root)
os.makedirs(os.path.join(root, "polls"))
open(os.path.join(root, "polls", "__init__.py"), "w").close()
with open(os.path.join(root, "polls", "models.py"), "w", encoding="utf-8") as models:
    for source in sources:
        with open(source, encoding="utf-8") as text:
            models.write(text.read() + "\n")
sys.path.insert(0, root)

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "polls"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.apps import apps
from django.core.management import call_command

call_command("migrate", run_syncdb=True, verbosity=0)
for name, given in json.loads(rows).items():
    model = apps.get_model(name if "." in name else "polls." + name)
    for row in given:
        model.objects.create(**row)
