/* Asks `holds` through tenure.h, a round for each line that is read: prints the nanoseconds that one question took. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenure.h>

static uint64_t nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void must(int so, const char *what)
{
    if (!so) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    must(argc == 5, "usage: holds CONFIG REQUEST PEOPLE QUESTIONS");
    const unsigned long people = strtoul(argv[3], NULL, 10), questions = strtoul(argv[4], NULL, 10);
    const tenure_item read = {"prod-pg", "database", "orders", "read"};
    char (*names)[16] = calloc(people, sizeof *names), call[1024], line[16];
    tenure_handle handle;
    must(tenure_open(argv[1], strlen(argv[1]), &handle) == TENURE_OK, "it could not be opened");
    for (unsigned long i = 0; i < people; i++) {
        snprintf(names[i], sizeof names[i], "p%lu", i);
        const char *at = strstr(argv[2], "WHO");
        const int len =
            snprintf(call, sizeof call, "%.*s%s%s", (int)(at - argv[2]), argv[2], names[i], at + strlen("WHO"));
        must(tenure_call(handle, call, (size_t)len, NULL) == TENURE_OK, "a request was not granted");
    }
    uint64_t state = 0x2545f4914f6cdd1d;
    while (fgets(line, sizeof line, stdin) != NULL) {
        unsigned long allowed = 0;
        const uint64_t begun = nanos();
        for (unsigned long i = 0; i < questions; i++) {
            tenure_verdict verdict;
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            tenure_holds(handle, names[state % people], &read, NULL, &verdict);
            allowed += verdict.allowed;
        }
        const uint64_t took = nanos() - begun;
        must(allowed == questions, "somebody does not hold what was granted");
        printf("%.1f\n", (double)took / (double)questions);
        fflush(stdout);
    }
    tenure_close(handle);
    free(names);
    return 0;
}
