/* SPDX-License-Identifier: MIT */
/* A refused password, remembered as a hash; see refusal.h. */
#include "api/refusal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

static int salted(const unsigned char salt[16], const char md5[PASSWORD_MD5],
		  unsigned char hash[32])
{
	unsigned char text[16 + PASSWORD_MD5 - 1];

	memcpy(text, salt, 16);
	memcpy(text + 16, md5, PASSWORD_MD5 - 1);
	int ok = EVP_Digest(text, sizeof(text), hash, NULL, EVP_sha256(), NULL);
	explicit_bzero(text, sizeof(text));
	return ok ? 0 : -EIO;
}

void refusal_clear(struct refusal *r)
{
	*r = (struct refusal){0};
}

unsigned refusal_of(const struct refusal *r, const char md5[PASSWORD_MD5])
{
	unsigned char hash[32];

	if (!r->schemes)
		return 0;
	if (salted(r->salt, md5, hash) < 0)
		return r->schemes;
	return CRYPTO_memcmp(hash, r->hash, sizeof(hash)) == 0 ? r->schemes : 0;
}

int refusal_add(struct refusal *r, const char md5[PASSWORD_MD5], int scheme)
{
	int code = 0;

	if (!refusal_of(r, md5)) {
		refusal_clear(r);
		if (getrandom(r->salt, sizeof(r->salt), 0) != (ssize_t)sizeof(r->salt))
			code = -EIO;
		else
			code = salted(r->salt, md5, r->hash);
	}
	r->schemes |= 1u << scheme;
	return code;
}
