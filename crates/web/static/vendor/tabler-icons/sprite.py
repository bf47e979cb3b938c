"""Draws icons.svg from the @tabler/icons package: python3 sprite.py PACKAGE_DIR > icons.svg"""

import json
import sys

NAMES = """alert-triangle archive arrow-back-up arrow-down arrow-right arrow-up arrows-sort chart-bar check chevron-down
chevron-left chevron-right chevron-up circle-check clock device-desktop device-floppy download file-check git-fork
grip-vertical help-circle home inbox info-circle key layout-list link logout menu-2 message mood-empty moon pencil
plus printer route search send settings sort-ascending sort-descending sun trash upload user-off user-plus user-share
users users-group""".split()

nodes = json.load(open(f"{sys.argv[1]}/tabler-nodes-outline.json", encoding="utf-8"))
parts = []
for name in NAMES:
    shapes = "".join(
        f"<{tag} " + " ".join(f'{key}="{value}"' for key, value in attributes.items()) + "/>"
        for tag, attributes in nodes[name]
    )
    parts.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
print('<svg xmlns="http://www.w3.org/2000/svg">' + "\n".join(parts) + "</svg>")
