/*
 * Grants something, and prints the checkpoint over that: checkpoint CONFIG
 */
#include <stdio.h>
#include <string.h>

#include <tenure.h>

static const char REQUEST[] =
    "{\"call\": \"request\", \"flow\": \"db\", \"span\": \"1h\", \"actor\": {\"id\": \"alice\"}, \"items\": [{\"permission\":"
    " \"read\", \"resource\": {\"integration\": \"prod-pg\", \"type\": \"database\", \"name\": \"orders\"}}]}";
static const char CHECKPOINT[] = "{\"call\": \"checkpoint\"}";

int main(int argc, char **argv)
{
    tenure_handle access;
    tenure_text answer;
    if (argc != 2 || tenure_open(argv[1], strlen(argv[1]), &access) != TENURE_OK) {
        return 2;
    }
    if (tenure_call(access, REQUEST, strlen(REQUEST), NULL) != TENURE_OK) {
        return 3;
    }
    const tenure_status status = tenure_call(access, CHECKPOINT, strlen(CHECKPOINT), &answer);
    puts(answer.bytes);
    tenure_free(&answer);
    return status == TENURE_OK && tenure_close(access) == TENURE_OK ? 0 : 1;
}
