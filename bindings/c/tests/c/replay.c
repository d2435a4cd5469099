/*
 * Replays a transcript (see the documentation of tenure-scenario, `transcript`) through tenure.h, and compares every
 * answer byte for byte: replay TRANSCRIPT :memory: | replay TRANSCRIPT FOLDER
 */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <tenure.h>

static const char OK[] = "{\"ok\":{}}";

static struct {
    const char *folder; /* NULL: in memory */
    tenure_handle handle;
    unsigned long stories;
} runner;

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Opens what the line says, with the store put in: `config` is an object, and closes the line but for one brace. */
static tenure_text open_with(const char *config)
{
    tenure_text answer = {NULL, 0};
    const size_t room = strlen(config) + 4096;
    char *text = malloc(room);
    if (runner.folder != NULL) {
        snprintf(text, room, "{\"store\":\"%s/%lu.db\",%s", runner.folder, runner.stories, config + 1);
    } else {
        snprintf(text, room, "{\"store\":\":memory:\",%s", config + 1);
    }
    tenure_close(runner.handle);
    if (tenure_open(text, strlen(text) - 1, &runner.handle) != TENURE_OK) {
        tenure_call(runner.handle, NULL, 0, &answer);
    }
    free(text);
    return answer;
}

/* What is answered; nothing stands for OK. */
static tenure_text ask(const char *asked, size_t len)
{
    tenure_text answer = {NULL, 0};
    if (begins(asked, "{\"story\":")) {
        /* A quote in the name has a backslash before it, so this is not within the name. */
        runner.stories++;
        return open_with(strstr(asked, "\",\"open\":") + strlen("\",\"open\":"));
    }
    if (begins(asked, "{\"restart\":")) {
        return runner.folder != NULL ? open_with(asked + strlen("{\"restart\":")) : answer;
    }
    tenure_call(runner.handle, asked, len, &answer);
    return answer;
}

int main(int argc, char **argv)
{
    char *asked = NULL, *expected = NULL;
    size_t asked_room = 0, expected_room = 0;
    unsigned long answers = 0, differences = 0;
    FILE *transcript = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (transcript == NULL) {
        fprintf(stderr, "usage: replay TRANSCRIPT :memory:|FOLDER\n");
        return 2;
    }
    runner.folder = strcmp(argv[2], ":memory:") == 0 ? NULL : argv[2];
    for (;;) {
        ssize_t len = getline(&asked, &asked_room, transcript);
        const ssize_t expected_len = getline(&expected, &expected_room, transcript);
        if (len < 1 || expected_len < 1) {
            break;
        }
        asked[--len] = '\0';
        expected[expected_len - 1] = '\0';
        tenure_text answer = ask(asked, (size_t)len);
        const char *came = answer.bytes != NULL ? answer.bytes : OK;
        answers++;
        if (strcmp(came, expected) != 0 && ++differences <= 10) {
            fprintf(stderr, "%s\n  transcript %s\n  tenure.h   %s\n", asked, expected, came);
        }
        tenure_free(&answer);
    }
    tenure_close(runner.handle);
    free(asked);
    free(expected);
    fclose(transcript);
    printf("%lu stories, %lu answers, %lu differences\n", runner.stories, answers, differences);
    return differences == 0 && answers > 0 ? 0 : 1;
}
