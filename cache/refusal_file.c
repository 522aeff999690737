/* SPDX-License-Identifier: MIT */
/* A refused password between mounts; see refusal_file.h. */
#include "cache/refusal_file.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/atomic_file.h"

#define BCRYPT_COST 10
#define BCRYPT_LEN  60

/* bcrypt with the salt of `setting`. The words before the MD5 make it a hash that is none of the
 * login's, which sends bcrypt of the MD5 alone. */
static int hash(const char md5[PASSWORD_MD5], const char *setting, char out[BCRYPT_LEN + 1])
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char text[16 + PASSWORD_MD5];
	int r = data ? -EIO : -ENOMEM;

	snprintf(text, sizeof(text), "refused %s", md5);
	const char *found = data ? crypt_r(text, setting, data) : NULL;
	if (found && strlen(found) == BCRYPT_LEN) {
		memcpy(out, found, BCRYPT_LEN + 1);
		r = 0;
	}
	explicit_bzero(text, sizeof(text));
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return r;
}

int refusal_file_write(int dirfd, const char md5[PASSWORD_MD5], struct err *err)
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE], text[BCRYPT_LEN + 1];

	if (!crypt_gensalt_rn("$2b$", BCRYPT_COST, NULL, 0, salt, sizeof(salt)))
		return err_sys(err, -errno, "hash the refused password");
	int r = hash(md5, salt, text);
	if (r < 0)
		return err_sys(err, r, "hash the refused password");
	struct iovec iov[] = {{text, BCRYPT_LEN}, {(void *)"\n", 1}};
	return atomic_file_write(dirfd, REFUSAL_FILE_NAME, iov, 2, 0, err);
}

int refusal_file_has(int dirfd, const char md5[PASSWORD_MD5], int64_t now_s, struct err *err)
{
	char mine[BCRYPT_LEN + 1], *kept;
	struct stat st;
	size_t len;

	int r = fstatat(dirfd, REFUSAL_FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	if (r == -ENOENT ||
	    (r == 0 && (now_s < st.st_mtime || now_s - st.st_mtime >= REFUSAL_FILE_S)))
		return 0;
	if (r < 0)
		return err_sys(err, r, "look at %s", REFUSAL_FILE_NAME);
	r = atomic_file_read(dirfd, REFUSAL_FILE_NAME, BCRYPT_LEN + 1, &kept, &len, err);
	if (r < 0)
		return r == -EFBIG ? 0 : r;
	int is_ours = len == BCRYPT_LEN + 1 && kept[BCRYPT_LEN] == '\n' &&
		      strncmp(kept, "$2b$10$", 7) == 0;
	if (is_ours) {
		kept[BCRYPT_LEN] = '\0';
		r = hash(md5, kept, mine);
	}
	int has = is_ours && r == 0 && CRYPTO_memcmp(mine, kept, BCRYPT_LEN) == 0;
	free(kept);
	/* A hash that bcrypt does not take was not written by us. */
	return r == -ENOMEM ? err_sys(err, r, "hash a password") : has;
}

void refusal_file_remove(int dirfd)
{
	unlinkat(dirfd, REFUSAL_FILE_NAME, 0);
}
