/*
 * platform.h - what somebody reads our pages on, as the browser reports it.
 */
#ifndef WEB_PLATFORM_H
#define WEB_PLATFORM_H

#include "davd/http/http.h"

enum platform {
	PLATFORM_OTHER,
	PLATFORM_IPHONE, /* and iPad */
	PLATFORM_MAC,
	PLATFORM_ANDROID,
	PLATFORM_WINDOWS,
	PLATFORM_LINUX,
	PLATFORM_COUNT
};

/* "iphone" and so on; also what a page may be asked for by name. */
extern const char *const platform_names[PLATFORM_COUNT];
enum platform platform_named(view name);

/* By Sec-CH-UA-Platform, else by User-Agent. */
enum platform platform_of(const struct request *);

/* "Firefox", "Safari" and the like; "" for others. */
const char *platform_browser(view user_agent);

#endif
