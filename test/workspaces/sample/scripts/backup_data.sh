#!/usr/bin/env bash
# Packs the data folder into an archive.
#
# usage: backup_data.sh [-v] [-k COUNT] -o FOLDER
#   -o FOLDER  where the archive goes
#   -k COUNT   how many older archives to keep (default: 5)
#   -v         say what is packed
set -euo pipefail

keep=5
verbose=""
folder=""
while getopts "o:k:v" option; do
  case "$option" in
    o) folder="$OPTARG" ;;
    k) keep="$OPTARG" ;;
    v) verbose="v" ;;
    *) exit 2 ;;
  esac
done
if [ -z "$folder" ]; then
  echo "backup_data.sh: -o FOLDER is needed" >&2
  exit 2
fi

mkdir -p "$folder"
tar -c${verbose}zf "$folder/data-$(date +%Y%m%d-%H%M%S).tar.gz" data
ls -1t "$folder"/data-*.tar.gz | tail -n "+$((keep + 1))" | xargs -r rm --
echo "archives in $folder: $(ls -1 "$folder"/data-*.tar.gz | wc -l)"
