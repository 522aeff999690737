/* SPDX-License-Identifier: MIT */
/* When to try again; see retry.h. */
#include "api/retry.h"

#include <errno.h>
#include <sys/random.h>

#include "api/clock.h"

#define BASE_MS 1000
#define CAP_MS  60000

/*
 * A connection that broke and a server that stumbled may do better at once. One
 * that cannot be reached will not within seconds, and a timeout has used up the
 * caller's patience: those are the breaker's.
 */
static int may_help(const struct retry_outcome *o)
{
	if (o->code)
		return o->code == -ECONNRESET || o->code == -ECONNABORTED;
	return o->status == 429 || o->status == 500 || (o->status >= 502 && o->status <= 504);
}

static int64_t backoff_ms(int attempt, uint32_t random)
{
	int64_t most = BASE_MS;

	for (int i = 1; i < attempt && most < CAP_MS; i++)
		most *= 2;
	if (most > CAP_MS)
		most = CAP_MS;
	return random % (most + 1);
}

int retry_wait_ms(const struct retry_outcome *o, int attempt, int64_t left_ms, uint32_t random)
{
	if (attempt >= RETRY_ATTEMPTS || !may_help(o))
		return -1;

	int asked = o->code == 0 && o->retry_after_s >= 0;
	int64_t wait_ms = asked ? (int64_t)o->retry_after_s * 1000 : backoff_ms(attempt, random);
	return wait_ms < left_ms ? (int)wait_ms : -1;
}

uint32_t retry_random(void)
{
	uint32_t random;

	/* Before the machine has collected randomness the clock spreads well enough. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = (uint32_t)clock_system.mono_ms() * 2654435761u;
	return random;
}
