#include "davd/moved.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool
moved_here(const char *folder, const char *data)
{
	char house[PATH_MAX];
	struct stat here, there;

	if (stat(folder, &here) != 0
	    || (stat(data, &there) == 0 && here.st_dev == there.st_dev
	        && here.st_ino == there.st_ino))
		return false;
	return snprintf(house, sizeof house, "%s/house", folder)
	        < (int)sizeof house
	    && access(house, F_OK) == 0;
}
