/* A process that forks while it has something open: the child gets faults, never a hang, and the parent loses nothing. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

#define FORKED "{\"fault\":{\"code\":\"forked\""
#define FORKS 30

static tenure_handle handle;
static atomic_bool stop;
static atomic_int written;

static void *write_on(void *of)
{
    char person[32];
    (void)of;
    while (!atomic_load(&stop)) {
        snprintf(person, sizeof person, "w%d", atomic_load(&written));
        EXPECT(requests(handle, person));
        atomic_fetch_add(&written, 1);
    }
    return NULL;
}

/* What a child of a process sees that has a file open. */
static void child(const char *store)
{
    char config[2048];
    tenure_handle own;
    tenure_verdict verdict;
    within(60);
    EXPECT(answers(handle, "{\"call\": \"sweep\"}", TENURE_FAULT, FORKED));
    EXPECT(tenure_holds(handle, "alice", &READ_ORDERS, NULL, &verdict) == TENURE_FAULT && !verdict.allowed);
    EXPECT(tenure_close(handle) == TENURE_FAULT);
    /* SQLite in this process believes that it holds the parent's locks: what it acknowledged would be lost. */
    snprintf(config, sizeof config, "{\"store\": \"%s\"}", store);
    EXPECT(tenure_open(config, strlen(config), &own) == TENURE_FAULT);
    EXPECT(answers(own, "{\"call\": \"sweep\"}", TENURE_FAULT, FORKED));
    tenure_close(own);
    exit(0);
}

static void ended_well(pid_t pid)
{
    int status = 0;
    EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    within(300);
    EXPECT(argc == 2);
    char person[32];
    pthread_t writer;

    /* Before anything is open, and beside what is in memory, a child opens what it likes. */
    handle = opened(":memory:");
    const pid_t first = fork();
    if (first == 0) {
        within(60);
        const tenure_handle own = opened(argv[1]);
        EXPECT(requests(own, "child") && holds(own, "child"));
        exit(tenure_close(own) == TENURE_OK ? 0 : 1);
    }
    ended_well(first);
    EXPECT(tenure_close(handle) == TENURE_OK);

    handle = opened(argv[1]);
    EXPECT(holds(handle, "child"));
    EXPECT(pthread_create(&writer, NULL, write_on, NULL) == 0);
    for (int i = 0; i < FORKS; i++) {
        const int before = atomic_load(&written);
        const pid_t pid = fork();
        if (pid == 0) {
            child(argv[1]);
        }
        ended_well(pid);
        while (atomic_load(&written) == before) {
            usleep(1000);
        }
    }
    atomic_store(&stop, true);
    EXPECT(pthread_join(writer, NULL) == 0);
    EXPECT(tenure_close(handle) == TENURE_OK);

    handle = opened(argv[1]);
    for (int i = 0; i < atomic_load(&written); i++) {
        snprintf(person, sizeof person, "w%d", i);
        EXPECT(holds(handle, person));
    }
    EXPECT(tenure_close(handle) == TENURE_OK);
    /* Now that nothing is open, a child opens the file again. */
    const pid_t last = fork();
    if (last == 0) {
        within(60);
        const tenure_handle own = opened(argv[1]);
        exit(holds(own, "child") && tenure_close(own) == TENURE_OK ? 0 : 1);
    }
    ended_well(last);
    puts("every child was answered");
    return 0;
}
