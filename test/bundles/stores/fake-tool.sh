#!/bin/sh
# `aws` and `gcloud` as far as a store starts them, over a folder. Their words for what is missing are the real ones:
# AWS CLI 1.45 on moto, gcloud 528 on fake-gcs-server. In shell, because a store starts one hundreds of times in its
# tests, and Node takes ten times as long to start.
root=$FAKE_TOOL_ROOT
only=acme-state

# How it was started, in one write: others start at the same time.
{ printf '%s\0' "$#" "$@"; env -0; printf '\0'; } > "$root/start-$$"
cat "$root/start-$$" >> "$root/starts"
rm "$root/start-$$"

fail() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

# value --flag ARGUMENT…: the argument behind the flag.
value() {
  flag=$1
  shift
  while [ $# -gt 1 ]; do
    if [ "$1" = "$flag" ]; then
      echo "$2"
      return
    fi
    shift
  done
}

# The file of a URL, or of a path as it is.
file() {
  case $1 in
    *://*) echo "$root/buckets/${1#*://}" ;;
    *) echo "$1" ;;
  esac
}

# The names of the folders below a prefix of the bucket, each with the prefix and a slash.
folders() {
  for each in "$root/buckets/$only/$1"*/; do
    each=${each%/}
    if [ -d "$each" ]; then echo "$1${each##*/}/"; fi
  done
}

size() {
  echo $(($(wc -c < "$1")))
}

# copy FROM TO WORDS: says the words where there is nothing to copy.
copy() {
  from=$(file "$1")
  to=$(file "$2")
  [ -e "$from" ] || fail 1 "$3"
  mkdir -p "${to%/*}"
  cp "$from" "$to.part-$$" && mv "$to.part-$$" "$to"
}

aws() {
  case $2 in
    list-objects-v2)
      [ "$(value --bucket "$@")" = "$only" ] ||
        fail 254 "An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist"
      folders "$(value --prefix "$@")" | sed 's/.*/    "&"/; $!s/$/,/; 1s/^/[\n/; $s/$/\n]/' > "$root/list-$$"
      if [ -s "$root/list-$$" ]; then cat "$root/list-$$"; else echo null; fi
      ;;
    head-object)
      object="$root/buckets/$(value --bucket "$@")/$(value --key "$@")"
      [ -e "$object" ] || fail 254 "An error occurred (404) when calling the HeadObject operation: Not Found"
      size "$object"
      ;;
    delete-object)
      [ -z "$FAKE_TOOL_KEEPS" ] ||
        fail 254 "An error occurred (AccessDenied) when calling the DeleteObject operation: Access Denied"
      rm "$root/buckets/$(value --bucket "$@")/$(value --key "$@")"
      ;;
    *)
      while [ $# -gt 2 ]; do shift; done
      copy "$1" "$2" "fatal error: An error occurred (404) when calling the HeadObject operation: Key \"$1\" does not exist"
      ;;
  esac
}

gcloud() {
  shift 2
  case $1 in
    rm)
      [ -z "$FAKE_TOOL_KEEPS" ] ||
        fail 1 "ERROR: (gcloud.storage.rm) HTTPError 403: no storage.objects.delete access"
      rm "$(file "$2")"
      ;;
    ls)
      path=${2#gs://}
      bucket=${path%%/*}
      [ "$bucket" = "$only" ] || fail 1 "ERROR: (gcloud.storage.ls) gs://$bucket not found: 404."
      found=$(folders "${path#*/}")
      [ -n "$found" ] || fail 1 "ERROR: (gcloud.storage.ls) One or more URLs matched no objects."
      for each in $found; do echo "gs://$bucket/$each"; done
      echo "$2latest"
      ;;
    objects)
      object=$(file "$3")
      [ -e "$object" ] || fail 1 "ERROR: (gcloud.storage.objects.describe) $3 not found: 404."
      size "$object"
      ;;
    *) copy "$2" "$3" "ERROR: (gcloud.storage.cp) The following URLs matched no objects or files: $2" ;;
  esac
}

if [ -e "$root/refusal" ]; then
  cat "$root/refusal" >&2
  exit 1
fi
case ${0##*/} in
  aws) aws "$@" ;;
  gcloud) gcloud "$@" ;;
esac
