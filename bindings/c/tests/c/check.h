/* What the programs of the tests have in common: an expectation that is not met ends the program, and so does time. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenure.h>

#define EXPECT(what)                                                                                      \
    do {                                                                                                  \
        if (!(what)) {                                                                                    \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                            \
            _exit(1);                                                                                     \
        }                                                                                                 \
    } while (0)

#define ORDERS "{\"integration\": \"prod-pg\", \"type\": \"database\", \"name\": \"orders\"}"
#define POLICY                                                                                            \
    "{\"version\": 1, \"flows\": [{\"id\": \"db\", \"who\": {\"any\": [\"group:sre\"]}, "                 \
    "\"what\": [{\"integration\": \"prod-pg\", \"permissions\": [\"read\"]}], "                           \
    "\"duration\": {\"max\": \"4h\"}, \"approval\": \"automatic\"}]}"

static const tenure_item READ_ORDERS = {"prod-pg", "database", "orders", "read"};

/* A hang is a failure: the alarm ends the program. */
static inline void within(unsigned seconds)
{
    alarm(seconds);
}

static inline tenure_handle opened(const char *store)
{
    char config[2048];
    tenure_handle handle = 0;
    const int len = snprintf(config, sizeof config, "{\"store\": \"%s\", \"policy\": %s}", store, POLICY);
    EXPECT(len > 0 && (size_t)len < sizeof config);
    EXPECT(tenure_open(config, (size_t)len, &handle) == TENURE_OK);
    return handle;
}

/* Whether a call has that status, and its answer begins so. */
static inline int answers(tenure_handle handle, const char *call, tenure_status status, const char *begins)
{
    tenure_text answer = {NULL, 0};
    const tenure_status came = tenure_call(handle, call, strlen(call), &answer);
    const int so = came == status && answer.bytes != NULL && strlen(answer.bytes) == answer.len &&
                   strncmp(answer.bytes, begins, strlen(begins)) == 0;
    if (!so) {
        fprintf(stderr, "%s\n  is answered with %d %s\n", call, came, answer.bytes ? answer.bytes : "nothing");
    }
    tenure_free(&answer);
    return so;
}

static inline int holds(tenure_handle handle, const char *person)
{
    tenure_verdict verdict = {true, 1};
    EXPECT(tenure_holds(handle, person, &READ_ORDERS, NULL, &verdict) == TENURE_OK);
    EXPECT((verdict.until != 0) == verdict.allowed);
    return verdict.allowed;
}

static inline int requests(tenure_handle handle, const char *person)
{
    char call[1024];
    snprintf(call, sizeof call,
             "{\"call\": \"request\", \"flow\": \"db\", \"span\": \"1h\", \"actor\": {\"id\": \"%s\", \"groups\": "
             "[\"sre\"]}, \"items\": [{\"resource\": " ORDERS ", \"permission\": \"read\"}]}",
             person);
    return tenure_call(handle, call, strlen(call), NULL) == TENURE_OK;
}

#endif
