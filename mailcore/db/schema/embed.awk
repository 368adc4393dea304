# embed.awk - the numbered schema files as C strings, in order of their names:
# house_NNNN.sql for posthaste.db, account_NNNN.sql for account.db,
# search_NNNN.sql for search.db.  Comments and empty lines stay behind.
BEGIN {
	print "#include \"mailcore/db/schema.h\""
}
FNR == 1 {
	kind = FILENAME
	sub(/.*\//, "", kind)
	sub(/_.*/, "", kind)
	if (kind != last) {
		if (last != "")
			close_array()
		printf "const char *const schema_%s[] = {\n", kind
		last = kind
		count = 0
	} else {
		print ","
	}
	count++
	# A step may be comment alone.
	print "\t\"\""
}
/^[ \t]*(--|$)/ {
	next
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\t\"%s\\n\"\n", $0
}
function close_array() {
	print "};"
	printf "const size_t schema_%s_count = %d;\n", last, count
}
END {
	close_array()
}
