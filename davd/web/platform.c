#include "davd/web/platform.h"

#include "mailcore/base/result.h"

const char *const platform_names[PLATFORM_COUNT] = {
	[PLATFORM_OTHER] = "other",
	[PLATFORM_IPHONE] = "iphone",
	[PLATFORM_MAC] = "mac",
	[PLATFORM_ANDROID] = "android",
	[PLATFORM_WINDOWS] = "windows",
	[PLATFORM_LINUX] = "linux",
};

enum platform
platform_named(view name)
{
	for (size_t i = 0; i < PLATFORM_COUNT; i++)
		if (view_eq(name, view_of(platform_names[i])))
			return (enum platform)i;
	return PLATFORM_OTHER;
}

/* In the order in which they are looked for: an Android calls itself Linux
 * too, an iPhone "like Mac OS X". */
static const struct {
	const char *word;
	enum platform is;
} words[] = {
	{ "iPhone", PLATFORM_IPHONE },
	{ "iPad", PLATFORM_IPHONE },
	{ "iPod", PLATFORM_IPHONE },
	{ "iOS", PLATFORM_IPHONE },
	{ "Android", PLATFORM_ANDROID },
	{ "Windows", PLATFORM_WINDOWS },
	{ "Macintosh", PLATFORM_MAC },
	{ "macOS", PLATFORM_MAC },
	{ "CrOS", PLATFORM_OTHER },
	{ "Linux", PLATFORM_LINUX },
	{ "X11", PLATFORM_LINUX },
};

static enum platform
platform_in(view text)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (view_find(text, view_of(words[i].word)) != SIZE_MAX)
			return words[i].is;
	return PLATFORM_OTHER;
}

enum platform
platform_of(const struct request *request)
{
	enum platform found = PLATFORM_OTHER;
	view value;

	if (request_header(request, VIEW("Sec-CH-UA-Platform"), &value))
		found = platform_in(value);
	if (found == PLATFORM_OTHER
	    && request_header(request, VIEW("User-Agent"), &value))
		found = platform_in(value);
	return found;
}

const char *
platform_browser(view user_agent)
{
	/* Each calls itself by the names of those below it, too. */
	static const char *const browsers[][2] = {
		{ "Edg", "Edge" },
		{ "OPR/", "Opera" },
		{ "SamsungBrowser/", "Samsung Internet" },
		{ "Firefox/", "Firefox" },
		{ "FxiOS/", "Firefox" },
		{ "CriOS/", "Chrome" },
		{ "Chrome/", "Chrome" },
		{ "Safari/", "Safari" },
	};

	for (size_t i = 0; i < COUNT(browsers); i++)
		if (view_find(user_agent, view_of(browsers[i][0])) != SIZE_MAX)
			return browsers[i][1];
	return "";
}
