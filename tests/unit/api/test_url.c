/* SPDX-License-Identifier: MIT */
/* Which URLs may be asked: the user's and the hub's, who are not believed alike. */
#include "api/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/rows.h"

static const struct url_case {
	const char *why, *url;
	int flags, want;
} url_cases[] = {
	{"https", "https://s3.coros.com/fit/1/2.fit", 0, 0},
	{"https in capitals", "HTTPS://s3.coros.com/fit", 0, 0},
	{"https with a query", "https://s3.coros.com/a?X-Amz-Signature=0%2F", 0, 0},
	{"https with a fragment", "https://s3.coros.com/a#b", 0, 0},
	{"a host alone", "https://s3.coros.com", URL_IS_SAFE, 0},
	{"a port", "https://s3.coros.com:8443/a", URL_IS_SAFE, 0},
	{"IPv4", "https://192.0.2.1/a", URL_IS_SAFE, 0},
	{"IPv6", "https://[2001:db8::1]:443/a", URL_IS_SAFE, 0},
	{"http on loopback", "http://127.0.0.2:8080/fit/1", 0, 0},
	{"http on localhost", "http://localhost/a", 0, 0},
	{"http on loopback, IPv6", "http://[::1]:80/a", 0, 0},
	{"http on loopback is not safe enough", "http://127.0.0.1/a", URL_IS_SAFE, -EINVAL},
	{"http elsewhere", "http://s3.coros.com/a", 0, -EINVAL},
	{"a name that begins like loopback", "http://127.0.0.1.example.com/a", 0, -EINVAL},
	{"a name that begins like localhost", "http://localhost.example.com/a", 0, -EINVAL},
	{"another loopback-like number", "http://128.0.0.1/a", 0, -EINVAL},
	{"loopback in other digits", "http://0x7f.1/a", 0, -EINVAL},
	{"a file", "file:///etc/passwd", 0, -EINVAL},
	{"ftp", "ftp://s3.coros.com/a", 0, -EINVAL},
	{"gopher", "gopher://127.0.0.1:6379/_a", 0, -EINVAL},
	{"no scheme", "//s3.coros.com/a", 0, -EINVAL},
	{"nothing", "", 0, -EINVAL},
	{"nothing but the scheme", "https://", 0, -EINVAL},
	{"no host before the path", "https:///a", 0, -EINVAL},
	{"a user", "https://user@s3.coros.com/a", 0, -EINVAL},
	{"a user that looks like the host", "https://s3.coros.com@evil.example/a", 0, -EINVAL},
	{"an at sign in the path is none", "https://s3.coros.com/a@b", 0, 0},
	{"an at sign in the query is none", "https://s3.coros.com?a@b", 0, 0},
	{"port 0", "https://s3.coros.com:0/a", 0, -EINVAL},
	{"port 65536", "https://s3.coros.com:65536/a", 0, -EINVAL},
	{"port 65535", "https://s3.coros.com:65535/a", 0, 0},
	{"a port without end", "https://s3.coros.com:99999999999999999999/a", 0, -EINVAL},
	{"no port behind the colon", "https://s3.coros.com:/a", 0, -EINVAL},
	{"a port of letters", "https://s3.coros.com:https/a", 0, -EINVAL},
	{"two ports", "https://s3.coros.com:1:2/a", 0, -EINVAL},
	{"a blank", "https://s3.coros.com/a b", 0, -EINVAL},
	{"a line break", "https://s3.coros.com/a\r\nHost: evil.example", 0, -EINVAL},
	{"a backslash", "https://s3.coros.com\\@evil.example/", 0, -EINVAL},
	{"a byte above ASCII", "https://s3.c\xc3\xb6ros.com/", 0, -EINVAL},
	{"a DEL", "https://s3.coros.com/\x7f", 0, -EINVAL},
	{"a percent sign in the host", "https://s3%2ecoros.com/", 0, -EINVAL},
	{"a host that begins with a dot", "https://.coros.com/", 0, -EINVAL},
	{"a host that begins with a dash", "https://-coros.com/", 0, -EINVAL},
	{"a bracket that does not close", "https://[::1/a", 0, -EINVAL},
	{"brackets round a name", "https://[coros.com]/a", 0, -EINVAL},
	{"brackets round nothing", "https://[]/a", 0, -EINVAL},
	{"something behind the bracket", "https://[::1]x/a", 0, -EINVAL},
	{"a base has no query", "https://teamapi.coros.com/?a", URL_IS_BASE, -EINVAL},
	{"a base has no fragment", "https://teamapi.coros.com/#a", URL_IS_BASE, -EINVAL},
	{"a base has a path", "https://teamapi.coros.com/region/1", URL_IS_BASE, 0},
};

static void url(void **state)
{
	const struct url_case *c = *state;
	struct err err = {0};

	assert_int_equal(url_check(c->url, c->flags, &err), c->want);
	assert_int_equal(err.code, c->want);
	/* What may hold a password or a signature is not repeated. */
	if (c->want)
		assert_true(err.text[0] && (!c->url[0] || !strstr(err.text, c->url)));
}

static void a_host_of_any_length(void **state)
{
	char text[2 * URL_MAX + 32];
	struct err err;

	(void)state;
	for (int len = 1; len < 2 * URL_MAX; len++) {
		int at = snprintf(text, sizeof(text), "https://%.*s", 0, "");
		memset(text + at, 'a', (size_t)len);
		snprintf(text + at + len, sizeof(text) - (size_t)(at + len), "/path");
		assert_int_equal(url_check(text, 0, &err), len < URL_MAX ? 0 : -EINVAL);
	}
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, url_cases, url);
	rows_add(&rows, "a host of any length", a_host_of_any_length, NULL);
	return rows_run("url", &rows);
}
