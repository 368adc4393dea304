# embed.awk - the text files of this folder as C strings, a line each;
# index.html is "/".
BEGIN {
	type["html"] = "text/html; charset=utf-8"
	type["css"] = "text/css; charset=utf-8"
	type["svg"] = "image/svg+xml"
	print "#include \"davd/pages.h\""
}
FNR == 1 {
	if (files++)
		print "};"
	name = FILENAME
	sub(/.*\//, "", name)
	names[files] = name
	printf "static const char *const lines_%d[] = {\n", files
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\t\"%s\\n\",\n", $0
}
END {
	print "};"
	print "const struct page_file page_files[] = {"
	for (i = 1; i <= files; i++) {
		ending = names[i]
		sub(/.*\./, "", ending)
		printf "\t{ \"/%s\", \"%s\", lines_%d, COUNT(lines_%d) },\n",
		    names[i] == "index.html" ? "" : names[i], type[ending], i, i
	}
	print "};"
	printf "const size_t page_file_count = %d;\n", files
}
