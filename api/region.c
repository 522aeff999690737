/* SPDX-License-Identifier: MIT */
/* Regions and hosts; see region.h. */
#include "api/region.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define URL_MAX 256

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

/* ---- the check of a URL ---- */

static int is_loopback(const char *host)
{
	struct in_addr v4;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return 1;
	/* Four decimal numbers and nothing else: 127.0.0.1.example.com is a name like another. */
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static int valid_host(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct in6_addr v6;
	char inner[64];
	size_t len = strlen(host);

	if (host[0] == '[') {
		if (len < 3 || len - 2 >= sizeof(inner) || host[len - 1] != ']')
			return 0;
		memcpy(inner, host + 1, len - 2);
		inner[len - 2] = '\0';
		return inet_pton(AF_INET6, inner, &v6) == 1;
	}
	if (!len || host[0] == '.' || host[0] == '-')
		return 0;
	for (const char *p = host; *p; p++)
		if (!strchr(letters, *p) && !strchr("0123456789.-", *p))
			return 0;
	return 1;
}

static int valid_port(const char *port)
{
	int value = 0;

	if (!*port)
		return 0;
	for (; *port; port++) {
		if (*port < '0' || *port > '9')
			return 0;
		value = value * 10 + (*port - '0');
		if (value > 65535)
			return 0;
	}
	return value > 0;
}

/* The host of "host[:port]" or "[v6][:port]", copied out. Returns whether both are well-formed. */
static int split_host(const char *authority, size_t len, char *host, size_t size)
{
	char text[URL_MAX];

	if (len >= sizeof(text) || len >= size)
		return 0;
	memcpy(text, authority, len);
	text[len] = '\0';
	char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	char *colon = strchr(bracket ? bracket : text, ':');
	if (colon) {
		*colon = '\0';
		if (!valid_port(colon + 1))
			return 0;
	}
	memcpy(host, text, strlen(text) + 1);
	return valid_host(host);
}

static int check_url(const char *url, struct err *err)
{
	char host[URL_MAX];
	int plain = strncasecmp(url, "http://", 7) == 0;

	if (!plain && strncasecmp(url, "https://", 8) != 0)
		return err_set(err, -EINVAL, "api: the URL must begin with https://");
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"<>\\^`{|}", *p))
			return err_set(err, -EINVAL, "api: a URL holds no such character");
	if (strpbrk(url, "?#"))
		return err_set(err, -EINVAL, "api: the URL must not have a query or a fragment");

	const char *authority = url + (plain ? 7 : 8);
	size_t len = strcspn(authority, "/");
	if (memchr(authority, '@', len))
		return err_set(err, -EINVAL, "api: the URL must not hold a user or password");
	if (!split_host(authority, len, host, sizeof(host)))
		return err_set(err, -EINVAL,
			       "api: the URL needs a host name and a port it may have");
	if (plain && !is_loopback(host))
		return err_set(
			err, -EINVAL,
			"api: only https:// is safe; plain http:// is for this machine alone "
			"(localhost, 127.0.0.1, [::1])");
	return 0;
}

int region_check(const char *api, struct err *err)
{
	char url[URL_MAX];

	if (!api)
		return 0;
	/* Every expansion, since %r may stand anywhere. */
	for (int region = REGION_FIRST; region <= REGION_LAST; region++) {
		if (expand(api, region, url, sizeof(url)) < 0)
			return err_set(err, -EINVAL, "api: the URL is longer than %d bytes",
				       URL_MAX - 1);
		int r = check_url(url, err);
		if (r < 0)
			return r;
	}
	return 0;
}

const char *region_name(int region)
{
	static const char *const names[] = {NULL, "US and the rest of the world", "mainland China",
					    "Europe", "Singapore"};

	return region >= REGION_FIRST && region <= REGION_LAST ? names[region] : NULL;
}
