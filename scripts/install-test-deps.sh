#!/usr/bin/env bash
# Installs what the tests need, from Debian's packages, when it is missing: Chromium's headless shell, its driver, Chinese fonts for the pages;
# PostgreSQL's server and client for the records; nginx for several nodes behind it; sqlite3, by which a test reaches into a
# database; libfaketime, by which it sets the server's clock; openpyxl and LibreOffice, which open the workbooks that are
# carried out; jsonschema, which knows what editors know of a flow file; and from Python's registry, at the versions of
# scripts/pm4py.txt and scripts/django.txt, pm4py, which reads histories and processes, spiffworkflow, which brings the schema
# of BPMN along, and Django, which makes the database of the program that this one comes after.
set -euo pipefail

missing=()
command -v chromium-headless-shell >/dev/null || missing+=(chromium-headless-shell)
command -v chromedriver >/dev/null || missing+=(chromium-driver)
# Without fontconfig nothing can tell whether there are fonts: the package brings it along.
if ! command -v fc-list >/dev/null; then
  missing+=(fontconfig fonts-noto-cjk)
elif [ -z "$(fc-list :lang=zh family)" ]; then
  missing+=(fonts-noto-cjk)
fi
if ! command -v initdb >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
  missing+=(postgresql)
fi
command -v psql >/dev/null || missing+=(postgresql-client)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
command -v sqlite3 >/dev/null || missing+=(sqlite3)
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(libfaketime)
/usr/bin/python3 -c 'import openpyxl' 2>/dev/null || missing+=(python3-openpyxl)
/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || missing+=(python3-jsonschema)
command -v soffice >/dev/null || missing+=(libreoffice-calc-nogui)
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)

cd "$(dirname "$0")/.."
# Virtual environments of their own, made anew when the versions change.
python_package() {
  local name=$1
  shift
  cmp -s "scripts/$name.txt" "target/$name/versions.txt" && return
  say "Installing $name"
  rm -rf "target/$name"
  mkdir -p target
  /usr/bin/python3 -m venv "target/$name"
  "target/$name/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$@" -r "scripts/$name.txt"
  cp "scripts/$name.txt" "target/$name/versions.txt"
}

python_packages() {
  python_package pm4py --no-binary pydotplus
  python_package django
}

say() { printf '%s\n' "$*" >&2; }

if [ ${#missing[@]} -eq 0 ]; then
  python_packages
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  say "The tests need chromium-headless-shell, chromedriver, a Chinese font such as Noto Sans CJK, PostgreSQL (15 or newer), nginx, sqlite3, libfaketime, openpyxl, jsonschema, LibreOffice Calc and Python's venv."
  say "Missing here (as Debian names them): ${missing[*]}"
  say "This system has no apt-get: install them with its own package manager, then run this again."
  exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo)
elif command -v sudo >/dev/null && [ -t 0 ]; then
  as_root=(sudo)
else
  say "The tests need packages that only root can install. Run this once as root, then run it again:"
  say "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  exit 1
fi

say "Installing ${missing[*]}"
# RUNLEVEL=1: no server is started by its installation.
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}")
# The lists of a fresh machine are empty or old: fetch them once, and only when they are needed.
if ! "${install[@]}" >/dev/null 2>&1; then
  "${as_root[@]}" apt-get update -q
  "${install[@]}"
fi
python_packages
