/* What no program should do, and what comes of it: an answer, each time. Run under valgrind and AddressSanitizer. */
#include <stdint.h>

#include "check.h"

#define SWEEP "{\"call\": \"sweep\"}"
#define CLOSED "{\"fault\":{\"code\":\"closed\""

static void opening(void)
{
    tenure_handle handle = 7;
    EXPECT(tenure_open("{}", 2, NULL) == TENURE_INVALID);
    EXPECT(tenure_open(NULL, 0, &handle) == TENURE_INVALID);
    EXPECT(answers(handle, SWEEP, TENURE_INVALID, "{\"invalid\":[{\"code\":\"syntax\""));
    EXPECT(tenure_close(handle) == TENURE_OK);
    EXPECT(answers(handle, SWEEP, TENURE_FAULT, CLOSED));

    EXPECT(tenure_open("\xff\xfe", 2, &handle) == TENURE_INVALID);
    EXPECT(answers(handle, SWEEP, TENURE_INVALID, "{\"invalid\":[{\"code\":\"syntax\""));
    tenure_close(handle);
    /* The length is a lie: nothing of it is read. */
    EXPECT(tenure_open("{}", SIZE_MAX, &handle) == TENURE_INVALID);
    EXPECT(answers(handle, SWEEP, TENURE_INVALID, "{\"invalid\":[{\"code\":\"too_large\""));
    tenure_close(handle);

    const char *policy = "{\"store\": \":memory:\", \"policy\": {\"version\": 1, \"flows\": [{\"id\": 1}]}}";
    EXPECT(tenure_open(policy, strlen(policy), &handle) == TENURE_INVALID);
    EXPECT(answers(handle, SWEEP, TENURE_INVALID, "{\"invalid\":["));
    tenure_close(handle);
    const char *nowhere = "{\"store\": \"/nowhere/at/all/access.db\"}";
    EXPECT(tenure_open(nowhere, strlen(nowhere), &handle) == TENURE_FAULT);
    EXPECT(answers(handle, SWEEP, TENURE_FAULT, "{\"fault\":{\"code\":\"broken\""));
    EXPECT(!tenure_close(handle));
}

static void calling(tenure_handle handle)
{
    tenure_text answer;
    EXPECT(tenure_call(handle, NULL, 0, &answer) == TENURE_INVALID);
    EXPECT(strncmp(answer.bytes, "{\"invalid\":", 11) == 0);
    tenure_free(&answer);
    EXPECT(answer.bytes == NULL && answer.len == 0);
    tenure_free(&answer);
    tenure_free(NULL);
    EXPECT(tenure_call(handle, NULL, 12, &answer) == TENURE_INVALID);
    tenure_free(&answer);
    EXPECT(tenure_call(handle, SWEEP, SIZE_MAX / 2, &answer) == TENURE_INVALID);
    EXPECT(strstr(answer.bytes, "too_large") != NULL);
    tenure_free(&answer);
    EXPECT(answers(handle, "\xc3(", TENURE_INVALID, "{\"invalid\":[{\"code\":\"syntax\""));
    EXPECT(answers(handle, "{\"call\": \"grab\"}", TENURE_INVALID, "{\"invalid\":[{\"code\":\"out_of_range\""));
    EXPECT(tenure_call(handle, SWEEP, strlen(SWEEP), NULL) == TENURE_OK);
    /* No byte beyond the length is read. */
    EXPECT(tenure_call(handle, SWEEP "nonsense", strlen(SWEEP), NULL) == TENURE_OK);
    EXPECT(answers(handle, "{\"call\": \"withdraw\", \"grant\": \"g\", \"actor\": {\"id\": \"eve\"}}", TENURE_REFUSED,
                   "{\"refused\":{\"code\":\"grant.unknown\""));
}

static void asking(tenure_handle handle)
{
    tenure_verdict verdict = {true, 1};
    EXPECT(tenure_holds(handle, "alice", &READ_ORDERS, NULL, NULL) == TENURE_INVALID);
    EXPECT(tenure_holds(handle, "alice", NULL, NULL, &verdict) == TENURE_INVALID);
    EXPECT(!verdict.allowed && verdict.until == 0);
    const tenure_item nothing = {NULL, "database", "orders", "read"};
    EXPECT(tenure_holds(handle, "alice", &nothing, NULL, &verdict) == TENURE_INVALID);
    EXPECT(tenure_holds(handle, NULL, &READ_ORDERS, NULL, &verdict) == TENURE_INVALID);
    EXPECT(tenure_holds(handle, "\xff", &READ_ORDERS, NULL, &verdict) == TENURE_INVALID);
    EXPECT(tenure_holds(handle, "", &READ_ORDERS, NULL, &verdict) == TENURE_INVALID);
    EXPECT(!holds(handle, "alice"));
    EXPECT(requests(handle, "alice"));
    EXPECT(holds(handle, "alice") && !holds(handle, "bob"));
    const int64_t past = 0, never = INT64_MAX;
    EXPECT(tenure_holds(handle, "alice", &READ_ORDERS, &past, &verdict) == TENURE_OK && verdict.allowed);
    tenure_holds(handle, "alice", &READ_ORDERS, &never, &verdict);
}

static void closing(tenure_handle handle)
{
    tenure_verdict verdict = {true, 1};
    EXPECT(tenure_close(handle) == TENURE_OK);
    EXPECT(tenure_close(handle) == TENURE_FAULT);
    EXPECT(answers(handle, SWEEP, TENURE_FAULT, CLOSED));
    EXPECT(tenure_holds(handle, "alice", &READ_ORDERS, NULL, &verdict) == TENURE_FAULT && !verdict.allowed);
    const tenure_handle garbage[] = {0, 1, UINT64_MAX, handle + 1000, handle ^ (1ULL << 63), (tenure_handle)(uintptr_t)&handle};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        EXPECT(answers(garbage[i], SWEEP, TENURE_FAULT, CLOSED));
        EXPECT(tenure_holds(garbage[i], "alice", &READ_ORDERS, NULL, &verdict) == TENURE_FAULT);
        EXPECT(tenure_close(garbage[i]) == TENURE_FAULT);
    }
}

int main(int argc, char **argv)
{
    within(300);
    EXPECT(argc == 2);
    EXPECT(strcmp(tenure_version(), TENURE_VERSION) == 0);
    opening();
    for (int turn = 0; turn < 2; turn++) {
        const tenure_handle handle = opened(turn == 0 ? ":memory:" : argv[1]);
        calling(handle);
        asking(handle);
        closing(handle);
    }
#ifdef LEAK
    /* This is what valgrind is to find. */
    tenure_text never_given_back;
    tenure_call(0, SWEEP, strlen(SWEEP), &never_given_back);
    never_given_back.bytes = NULL;
#endif
    /* What is in a file is there again, under another number. */
    const tenure_handle again = opened(argv[1]);
    EXPECT(holds(again, "alice"));
    EXPECT(tenure_close(again) == TENURE_OK);
    puts("every misuse was answered");
    return 0;
}
