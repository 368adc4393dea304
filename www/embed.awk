# embed.awk - the files of this folder as C: NAME.html are templates, the rest
# is given out.  text/LANGUAGE.txt are the sentences, "key: sentence" a line;
# each language must have the keys and {blanks} of text/en.txt, no others.
# Run in the C locale: a character is a byte.
BEGIN {
	type["css"] = "text/css; charset=utf-8"
	type["js"] = "text/javascript; charset=utf-8"
	type["svg"] = "image/svg+xml"
	language_count = split("en fr nl de", language, " ")
	for (i = 1; i < 256; i++)
		code[sprintf("%c", i)] = i
	print "#include \"davd/web/files.h\""
	print "#include \"davd/web/text.h\""
	print "#include \"mailcore/base/result.h\""
}
function fail(what)
{
	printf "embed.awk: %s\n", what > "/dev/stderr"
	failed = 1
	exit 1
}
# The names between braces, in order of appearance.
function blanks(text, found)
{
	found = ""
	while (match(text, /[{][a-z_]*[}]/)) {
		found = found substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
	}
	return found
}
# The same names, whatever their order.
function same_blanks(a, b, name)
{
	if (length(a) != length(b))
		return 0
	while (match(a, /[{][a-z_]*[}]/)) {
		name = substr(a, RSTART, RLENGTH)
		a = substr(a, RSTART + RLENGTH)
		if (!index(b, name))
			return 0
		sub("[{]" substr(name, 2, length(name) - 2) "[}]", "", b)
	}
	return 1
}
function quoted(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[?][?]/, "?\\?", text)
	return "\"" text "\""
}
FNR == 1 {
	if (file_count && !is_text)
		print "};"
	name = FILENAME
	is_text = name ~ /(^|\/)text\//
	sub(/.*\//, "", name)
	if (is_text) {
		tongue = name
		sub(/\..*/, "", tongue)
	} else {
		names[++file_count] = name
		one = two = 0
		printf "static const char bytes_%d[] = {\n", file_count
	}
}
is_text && /^(#|$)/ { next }
is_text {
	at = index($0, ": ")
	key = substr($0, 1, at - 1)
	if (!at || key !~ /^[a-z0-9_.]+$/)
		fail(FILENAME ":" FNR ": expected \"key: sentence\"")
	if ((tongue, key) in sentence)
		fail(FILENAME ":" FNR ": " key " is there twice")
	sentence[tongue, key] = substr($0, at + 2)
	if (tongue == "en")
		keys[++key_count] = key
	count[tongue]++
	next
}
# Two sums, each below 2^31, so that every product is exact.
{
	line = $0 "\n"
	n = length(line)
	for (i = 1; i <= n; i++) {
		byte = i == n ? 10 : code[substr(line, i, 1)]
		one = (one * 31 + byte) % 2147483647
		two = (two * 131 + byte) % 2147483629
		printf "'\\%o',%s", byte, i % 12 && i < n ? "" : "\n"
		size[file_count]++
	}
	sum[file_count] = sprintf("%08x%08x", one, two)
}
function sort_keys(i, j, key)
{
	for (i = 2; i <= key_count; i++) {
		key = keys[i]
		for (j = i - 1; j && keys[j] > key; j--)
			keys[j + 1] = keys[j]
		keys[j + 1] = key
	}
}
function print_texts(i, j, english, here)
{
	for (j = 1; j <= language_count; j++)
		if (count[language[j]] != key_count)
			fail(language[j] ".txt: " count[language[j]] + 0 \
			    " sentences, en.txt: " key_count)
	sort_keys()
	print "const struct text_row text_rows[] = {"
	for (i = 1; i <= key_count; i++) {
		printf "\t{ \"%s\", {", keys[i]
		english = blanks(sentence["en", keys[i]])
		for (j = 1; j <= language_count; j++) {
			if (!((language[j], keys[i]) in sentence))
				fail(language[j] ".txt: no " keys[i])
			here = sentence[language[j], keys[i]]
			if (!same_blanks(english, blanks(here)))
				fail(language[j] ".txt: " keys[i] \
				    ": other {blanks} than in en.txt")
			printf " %s,", quoted(here)
		}
		print " } },"
	}
	print "};"
	printf "const size_t text_row_count = %d;\n", key_count
}
END {
	if (failed)
		exit 1
	if (!is_text)
		print "};"
	print "const struct web_file web_files[] = {"
	for (i = 1; i <= file_count; i++) {
		ending = names[i]
		sub(/.*\./, "", ending)
		printf "\t{ \"%s\", %s, \"%s\", bytes_%d, %d },\n", names[i],
		    ending in type ? "\"" type[ending] "\"" : "NULL",
		    sum[i], i, size[i]
	}
	print "};"
	printf "const size_t web_file_count = %d;\n", file_count
	print_texts()
}
