/* SPDX-License-Identifier: MIT */
/* URLs that may be asked; see url.h. */
#include "api/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

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

int url_check(const char *url, int flags, struct err *err)
{
	char host[URL_MAX];
	int plain = strncasecmp(url, "http://", 7) == 0;

	if (!plain && strncasecmp(url, "https://", 8) != 0)
		return err_set(err, -EINVAL, "the URL must begin with https://");
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"<>\\^`{|}", *p))
			return err_set(err, -EINVAL, "a URL cannot hold this character");
	if ((flags & URL_IS_BASE) && strpbrk(url, "?#"))
		return err_set(err, -EINVAL, "the URL must not have a query or a fragment");

	const char *authority = url + (plain ? 7 : 8);
	size_t len = strcspn(authority, "/?#");
	if (memchr(authority, '@', len))
		return err_set(err, -EINVAL, "the URL must not hold a user or password");
	if (!split_host(authority, len, host, sizeof(host)))
		return err_set(err, -EINVAL, "the URL needs a host name and a port it may have");
	if (plain && ((flags & URL_IS_SAFE) || !is_loopback(host)))
		return err_set(err, -EINVAL,
			       "only https:// is safe; plain http:// is for this machine alone "
			       "(localhost, 127.0.0.1, [::1])");
	return 0;
}
