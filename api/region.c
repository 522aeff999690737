/* SPDX-License-Identifier: MIT */
/* Regions and hosts; see region.h. */
#include "api/region.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/url.h"

static const char *const hosts[REGION_LAST + 1] = {
	[1] = "teamapi.coros.com",
	[2] = "teamcnapi.coros.com",
	[3] = "teameuapi.coros.com",
	[4] = "teamsgapi.coros.com",
};

int region_routes(const char *api)
{
	return !api || strstr(api, "%r");
}

/* The template with each %r replaced and the slashes at its end cut off. */
static int expand(const char *api, int region, char *out, size_t size)
{
	size_t len = 0;

	for (const char *p = api; *p; p++) {
		if (len + 1 >= size)
			return -ENAMETOOLONG;
		out[len] = *p;
		if (p[0] == '%' && p[1] == 'r') {
			out[len] = (char)('0' + region);
			p++;
		}
		len++;
	}
	while (len && out[len - 1] == '/')
		len--;
	out[len] = '\0';
	return 0;
}

int region_base(const char *api, int region, char *out, size_t size)
{
	if (!region_routes(api))
		return expand(api, 0, out, size);
	if (region < REGION_FIRST || region > REGION_LAST)
		return -ENOENT;
	if (api)
		return expand(api, region, out, size);
	return snprintf(out, size, "https://%s", hosts[region]) < (int)size ? 0 : -ENAMETOOLONG;
}

int region_of_base(const char *api, const char *base)
{
	char url[URL_MAX];

	if (!region_routes(api))
		return 0;
	for (int region = REGION_FIRST; region <= REGION_LAST; region++)
		if (region_base(api, region, url, sizeof(url)) == 0 && strcmp(url, base) == 0)
			return region;
	return 0;
}

int region_fits(const char *api, int region, const char *base)
{
	char url[URL_MAX];

	if (region_base(api, region, url, sizeof(url)) == 0)
		return strcmp(url, base) == 0;
	return region_of_base(api, base) != 0;
}

int region_misses(const char *api, int region)
{
	char url[URL_MAX];

	if (region_routes(api) || region < REGION_FIRST || region > REGION_LAST ||
	    region_base(api, region, url, sizeof(url)) < 0)
		return 0;
	int serves = region_of_base(NULL, url);
	return serves == region ? 0 : serves;
}

int region_check(const char *api, struct err *err)
{
	char url[URL_MAX];
	struct err why;

	if (!api)
		return 0;
	/* Every expansion, since %r may stand anywhere. */
	for (int region = REGION_FIRST; region <= REGION_LAST; region++) {
		if (expand(api, region, url, sizeof(url)) < 0)
			return err_set(err, -EINVAL, "api: the URL is longer than %d bytes",
				       URL_MAX - 1);
		if (url_check(url, URL_IS_BASE, &why) < 0)
			return err_set(err, -EINVAL, "api: %s", why.text);
	}
	return 0;
}

const char *region_name(int region)
{
	static const char *const names[] = {NULL, "US and the rest of the world", "mainland China",
					    "Europe", "Singapore"};

	return region >= REGION_FIRST && region <= REGION_LAST ? names[region] : NULL;
}
