/* SPDX-License-Identifier: MIT */
/* What a login sends, made by a thread of its own, since a password may have to be typed. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "api/clean.h"
#include "api/session_impl.h"
#include "api/thread.h"

/*
 * What the thread does: ask for the password, unless it is known, and write the
 * body, which takes its time with bcrypt; or ask for the code of the second factor.
 * The thread has it until session_prepare_take().
 */
struct login_job {
	struct session *session;
	pthread_t thread;
	enum login_scheme scheme;
	char md5[PASSWORD_MD5];
	const struct session_person *person; /* to be asked for a code; NULL: for a password */
	struct factor factor;
	int codes_wrong;
	struct buf body;
	struct err err;
};

static int prepare_password(struct login_job *job)
{
	const struct session_config *config = &job->session->config;
	int r = 0;

	if (!job->md5[0])
		r = config->password(config->arg, job->md5, &job->err);
	if (r == 0)
		r = login_body(job->scheme, config->account, job->md5, &job->body, &job->err);
	return r;
}

static int prepare_code(struct login_job *job)
{
	char code[FACTOR_CODE] = "";
	int r = job->person->code(job->person->arg, job->codes_wrong > 0, code, &job->err);

	if (r == 0 && (r = factor_verify_body(&job->factor, code, &job->body)) < 0)
		err_sys(&job->err, r, "write the login");
	explicit_bzero(code, sizeof(code));
	return r;
}

static void *prepare(void *arg)
{
	struct login_job *job = arg;

	pthread_setname_np(pthread_self(), "corosfs-login");
	job->err.code = job->person ? prepare_code(job) : prepare_password(job);
	/* Without memory the news must wait, or the session would for ever. After http_stop()
	 * nobody asks any more; session_free() joins and frees. */
	while (http_run(job->session->http, session_login_prepared, job->session) == -ENOMEM)
		poll(NULL, 0, 100);
	return NULL;
}

static void job_free(struct login_job *job)
{
	login_wipe(&job->body);
	explicit_bzero(job, sizeof(*job));
	free(job);
}

int session_prepare_start(struct session *s)
{
	struct login_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->session = s;
	job->scheme = s->login.scheme;
	memcpy(job->md5, s->login.md5, sizeof(job->md5));
	if (s->login.step == LOGIN_STEP_CODE) {
		job->person = s->login.person;
		job->factor = s->login.factor;
		job->codes_wrong = s->login.codes_wrong;
	}
	buf_init(&job->body, LOGIN_BODY_MAX);
	s->login.job = job;
	int r = thread_start(&job->thread, prepare, job);
	if (r < 0) {
		s->login.job = NULL;
		job_free(job);
	}
	return r;
}

void session_prepare_take(struct session *s, struct err *err)
{
	struct login_job *job = s->login.job;

	pthread_join(job->thread, NULL);
	*err = job->err;
	memcpy(s->login.md5, job->md5, sizeof(s->login.md5));
	clean_secret(CLEAN_MD5, s->login.md5);
	login_wipe(&s->login.body);
	s->login.body = job->body;
	buf_init(&job->body, LOGIN_BODY_MAX);
	s->login.job = NULL;
	job_free(job);
}

void session_prepare_clear(struct session *s)
{
	if (!s->login.job)
		return;
	pthread_join(s->login.job->thread, NULL);
	job_free(s->login.job);
	s->login.job = NULL;
}
