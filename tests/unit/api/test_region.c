/* SPDX-License-Identifier: MIT */
/* Which URL a region has, and which URLs are accepted at all. */
#include "api/region.h"

#include <errno.h>
#include <string.h>

#include "tests/support/rows.h"

static const struct base_case {
	const char *why, *api;
	int region;
	int want;
	const char *base;
} base_cases[] = {
	{"the rest of the world", NULL, 1, 0, "https://teamapi.coros.com"},
	{"China", NULL, 2, 0, "https://teamcnapi.coros.com"},
	{"Europe", NULL, 3, 0, "https://teameuapi.coros.com"},
	{"Singapore", NULL, 4, 0, "https://teamsgapi.coros.com"},
	{"0 is no region", NULL, 0, -ENOENT, NULL},
	{"a test region is unknown", NULL, 101, -ENOENT, NULL},
	{"a negative region is unknown", NULL, -1, -ENOENT, NULL},
	{"a fixed URL for whatever region", "http://localhost:80", 3, 0, "http://localhost:80"},
	{"a fixed URL even for none", "http://localhost:80", 0, 0, "http://localhost:80"},
	{"the region in the path", "http://[::1]:8/region/%r", 4, 0, "http://[::1]:8/region/4"},
	{"the region in the port", "http://127.0.0.1:808%r", 2, 0, "http://127.0.0.1:8082"},
	{"the region twice", "https://h%r.org/%r", 1, 0, "https://h1.org/1"},
	{"a template has the same four", "http://127.0.0.1:808%r", 5, -ENOENT, NULL},
	{"slashes at the end go", "https://h.org/a//", 1, 0, "https://h.org/a"},
	{"another percent sign stays", "https://h.org/a%20b", 1, 0, "https://h.org/a%20b"},
};

static void base(void **state)
{
	const struct base_case *c = *state;
	char url[64];

	assert_int_equal(region_base(c->api, c->region, url, sizeof(url)), c->want);
	if (c->base)
		assert_string_equal(url, c->base);
}

static const struct check_case {
	const char *why, *api;
	int want;
} check_cases[] = {
	{"none is the hub", NULL, 0},
	{"https anywhere", "https://hub.example.org", 0},
	{"https with a port and a path", "https://hub.example.org:8443/a/b", 0},
	{"letters of either case", "HTTPS://Hub.Example.ORG", 0},
	{"a slash at the end", "https://hub.example.org/", 0},
	{"plain to localhost", "http://localhost:8080", 0},
	{"plain to 127.0.0.1", "http://127.0.0.1:8080", 0},
	{"plain to 127.9.8.7", "http://127.9.8.7", 0},
	{"plain to the loopback of IPv6", "http://[::1]:8080", 0},
	{"a template", "http://127.0.0.1:808%r", 0},
	{"plain elsewhere", "http://hub.example.org", -EINVAL},
	{"a name that begins like loopback", "http://localhost.evil.com", -EINVAL},
	{"a name that begins with its number", "http://127.0.0.1.evil.com", -EINVAL},
	{"loopback as a user's name", "http://127.0.0.1@evil.com", -EINVAL},
	{"loopback as user and password", "http://127.0.0.1:80@evil.com", -EINVAL},
	{"loopback as a password with https", "https://a:b@evil.com", -EINVAL},
	{"another IPv6 address", "http://[::2]", -EINVAL},
	{"IPv4 inside IPv6", "http://[::ffff:10.0.0.1]", -EINVAL},
	{"a short form of 127.0.0.1", "http://127.1", -EINVAL},
	{"a number that is too large", "http://127.0.0.256", -EINVAL},
	{"128.0.0.1 is elsewhere", "http://128.0.0.1", -EINVAL},
	{"0.0.0.0 is not loopback", "http://0.0.0.0", -EINVAL},
	{"a template that leaves loopback", "http://%r27.0.0.1", -EINVAL},
	{"a bracket that is not closed", "http://[::1", -EINVAL},
	{"words behind the bracket", "http://[::1]evil.com", -EINVAL},
	{"no host", "https://", -EINVAL},
	{"no host but a port", "https://:443", -EINVAL},
	{"no host but a path", "https:///path", -EINVAL},
	{"a backslash, which browsers read as a slash", "https://a.org\\@b.org", -EINVAL},
	{"a query", "https://hub.example.org/?a=b", -EINVAL},
	{"a fragment", "https://hub.example.org/#a", -EINVAL},
	{"a query right behind the host", "http://localhost?@evil.com", -EINVAL},
	{"a space", "https://hub.example.org/a b", -EINVAL},
	{"a line break", "https://hub.example.org/\r\nX: y", -EINVAL},
	{"bytes over 127",
	 "https://h\xc3\xbc"
	 "b.example.org",
	 -EINVAL},
	{"another scheme", "ftp://hub.example.org", -EINVAL},
	{"a file", "file:///etc/passwd", -EINVAL},
	{"no scheme", "hub.example.org", -EINVAL},
	{"nothing", "", -EINVAL},
	{"a port that is none", "https://hub.example.org:x", -EINVAL},
	{"an empty port", "https://hub.example.org:", -EINVAL},
	{"a port that is too large", "https://hub.example.org:65536", -EINVAL},
	{"port 0", "https://hub.example.org:0", -EINVAL},
	{"two ports", "https://hub.example.org:1:2", -EINVAL},
};

static void check(void **state)
{
	const struct check_case *c = *state;
	struct err err = {0};

	assert_int_equal(region_check(c->api, &err), c->want);
	assert_int_equal(err.code, c->want);
	assert_int_equal(err.text[0] != '\0', c->want != 0);
}

static const struct fits_case {
	const char *why, *api;
	int region;
	const char *base;
	int want;
} fits_cases[] = {
	{"its own region", NULL, 3, "https://teameuapi.coros.com", 1},
	{"another region", NULL, 1, "https://teameuapi.coros.com", 0},
	{"no region, but one of the hosts", NULL, 0, "https://teameuapi.coros.com", 1},
	{"another host", NULL, 0, "https://evil.com", 0},
	{"another host and a region", NULL, 3, "https://evil.com", 0},
	{"the fixed URL", "http://localhost/", 3, "http://localhost", 1},
	{"not the fixed URL", "http://localhost/", 3, "https://teameuapi.coros.com", 0},
	{"the template's", "http://localhost/%r", 2, "http://localhost/2", 1},
	{"an empty URL", NULL, 0, "", 0},
};

static void fits(void **state)
{
	const struct fits_case *c = *state;

	assert_int_equal(region_fits(c->api, c->region, c->base), c->want);
}

static const struct misses_case {
	const char *why, *api;
	int region, want;
} misses_cases[] = {
	{"the hub itself goes everywhere", NULL, 3, 0},
	{"so does a URL with the region in it", "https://hub.example.org/%r", 3, 0},
	{"the host of another region", "https://teamapi.coros.com", 3, 1},
	{"a slash behind it changes nothing", "https://teamcnapi.coros.com/", 3, 2},
	{"the host of this region", "https://teameuapi.coros.com", 3, 0},
	{"a host of which nothing is known", "https://hub.example.org", 3, 0},
	{"a region of which nothing is known", "https://teamapi.coros.com", 101, 0},
	{"none", "https://teamapi.coros.com", 0, 0},
};

static void misses(void **state)
{
	const struct misses_case *c = *state;

	assert_int_equal(region_misses(c->api, c->region), c->want);
}

static void lengths(void **state)
{
	char url[300], out[26];

	(void)state;
	assert_int_equal(region_base(NULL, 1, out, sizeof(out)), 0);
	assert_int_equal(region_base(NULL, 1, out, sizeof(out) - 1), -ENAMETOOLONG);
	memset(url, 'a', sizeof(url));
	memcpy(url, "https://", 8);
	url[255] = '\0';
	assert_int_equal(region_check(url, NULL), 0);
	url[255] = 'a';
	url[256] = '\0';
	assert_int_equal(region_check(url, NULL), -EINVAL);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, base_cases, base);
	ROWS_ADD(&rows, check_cases, check);
	ROWS_ADD(&rows, fits_cases, fits);
	ROWS_ADD(&rows, misses_cases, misses);
	rows_add(&rows, "lengths are checked to the byte", lengths, NULL);
	return rows_run("region", &rows);
}
