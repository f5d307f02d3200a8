#!/bin/sh
# Writes one comment on a pull request, or replaces the one of the last run, which its first line tells.
#
#   comment.sh FILE OWNER/REPOSITORY NUMBER
#
# It needs GitHub's gh, with GH_TOKEN in the environment and the permission pull-requests: write.
set -eu
file=$1 repository=$2 number=$3
mark=$(head -n 1 "$file")
case $mark in
'<!-- alloclens check'*' -->') ;;
*)
    echo "comment.sh: $file is no Markdown of alloclens check: its first line would be <!-- alloclens check -->" >&2
    exit 2
    ;;
esac
author='.user.type == "Bot"' # the token of a job may not ask whose it is
if login=$(gh api user --jq .login 2>/dev/null) && [ -n "$login" ]; then
    author=".user.login == \"$login\"" # of a personal token
fi
query=".[] | select($author and (.body | startswith(\"$mark\"))) | .id"
known=$(gh api --paginate "repos/$repository/issues/$number/comments?per_page=100" --jq "$query" | head -n 1)
if [ -n "$known" ]; then
    gh api --silent --method PATCH "repos/$repository/issues/comments/$known" --field "body=@$file"
else
    gh api --silent --method POST "repos/$repository/issues/$number/comments" --field "body=@$file"
fi
