/*
 * Asks `holds` through tenure.h, some rounds for each line that is read: prints the
 * nanoseconds that one question took in the middle one.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenure.h>

/* Short rounds, most of which nobody interrupts. */
enum { ROUNDS = 101 };

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

/* Nanoseconds for a question, of people in an order that no cache can guess. */
static double asked(tenure_handle handle, unsigned long people, char (*names)[32], unsigned long questions)
{
    static const tenure_item read = {"prod-pg", "database", "orders", "read"};
    static uint64_t state = 0x2545f4914f6cdd1d;
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
    return (double)took / (double)questions;
}

static int by_size(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    must(argc == 5, "usage: holds CONFIG REQUEST PEOPLE QUESTIONS");
    const unsigned long people = strtoul(argv[3], NULL, 10), questions = strtoul(argv[4], NULL, 10);
    static double took[ROUNDS];
    char (*names)[32] = calloc(people, sizeof *names), call[1024], line[16];
    tenure_handle handle;
    must(tenure_open(argv[1], strlen(argv[1]), &handle) == TENURE_OK, "it could not be opened");
    for (unsigned long i = 0; i < people; i++) {
        snprintf(names[i], sizeof names[i], "p%lu", i);
        const char *at = strstr(argv[2], "WHO");
        const int len =
            snprintf(call, sizeof call, "%.*s%s%s", (int)(at - argv[2]), argv[2], names[i], at + strlen("WHO"));
        must(tenure_call(handle, call, (size_t)len, NULL) == TENURE_OK, "a request was not granted");
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (int round = 0; round < ROUNDS; round++) {
            took[round] = asked(handle, people, names, questions);
        }
        qsort(took, ROUNDS, sizeof *took, by_size);
        printf("%.1f\n", took[ROUNDS / 2]);
        fflush(stdout);
    }
    tenure_close(handle);
    free(names);
    return 0;
}
