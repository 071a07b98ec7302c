/* When another try is allowed, and how long to wait before it: the SDKs' standard mode, and patience with a lost line. */
#include "src/cloud/retries.h"

#include "src/base/digest.h"
#include "src/base/log.h"

#include <string.h>

enum {
    BACKOFF_BASE_MS = 250,
    BACKOFF_CAP = 80, /* times the base */
    RETRY_AFTER_CAP_S = 60,
    RETRY_COST = 5,
    PATIENCE_S = 180, /* with a line that worked before */
};

static bool take_quota(struct sw_cloud *cloud, struct retries *retries)
{
    int left = atomic_load(&cloud->retry_quota);

    do {
        if (left < RETRY_COST)
            return false;
    } while (!atomic_compare_exchange_weak(&cloud->retry_quota, &left, left - RETRY_COST));
    retries->last_cost = RETRY_COST;
    return true;
}

bool retries_allow(struct sw_cloud *cloud, enum cloud_service service, bool lost, struct retries *retries,
                   struct sw_err *err)
{
    int64_t now_s = cloud->transport->ops->ticks_s(cloud->transport);

    retries->failures++;
    if (lost && !retries->lost)
        retries->lost_since_s = now_s;
    retries->lost = lost;
    if (retries->failures >= cloud->max_attempts) {
        if (!lost || cloud->attempts_given || !atomic_load(&cloud->reached[service]))
            return false;
        return now_s - retries->lost_since_s < PATIENCE_S;
    }
    if (lost || take_quota(cloud, retries))
        return true;
    sw_context(err, "too many requests fail");
    return false;
}

void retries_give_back(struct sw_cloud *cloud, struct retries *retries)
{
    int full = (int)cloud->max_attempts * CLOUD_QUOTA_PER_ATTEMPT;
    int back = retries->last_cost > 0 ? retries->last_cost : 1;
    int left = atomic_load(&cloud->retry_quota), after;

    do {
        after = left + back < full ? left + back : full;
    } while (after != left && !atomic_compare_exchange_weak(&cloud->retry_quota, &left, after));
}

/* For tests: in milliseconds, instead of BACKOFF_BASE_MS. */
static unsigned backoff_base_ms(void)
{
    const char *text = settings_env("SLIPWAY_BACKOFF_MS");
    unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 0;

    return n > 0 && n < BACKOFF_BASE_MS ? (unsigned)n : BACKOFF_BASE_MS;
}

/* Seconds that the server asks for; 0 when it asks for none, or names a date. */
static unsigned asked_s(const struct sw_http_reply *reply)
{
    char text[16];
    unsigned long seconds;

    if (!sw_http_header_get(reply, "retry-after", text, sizeof(text)))
        return 0;
    seconds = strtoul(text, NULL, 10);
    return seconds < RETRY_AFTER_CAP_S ? (unsigned)seconds : RETRY_AFTER_CAP_S;
}

int cloud_back_off(struct sw_transport *transport, unsigned failures, const struct sw_http_reply *reply,
                   struct sw_err *err)
{
    unsigned asked_ms = asked_s(reply) * 1000, times = BACKOFF_CAP, wait_ms;
    struct sw_err quiet = {.code = SW_OK};
    uint32_t dice = 0;

    if (failures < 8 && 1U << failures < BACKOFF_CAP)
        times = 1U << failures;
    if (sw_random(&dice, sizeof(dice), err) < 0)
        return -1;
    wait_ms = dice % (backoff_base_ms() * times + 1);
    if (asked_ms > wait_ms)
        wait_ms = asked_ms;
    sw_log(SW_LOG_DEBUG, "%s; trying again in %u ms", err->text, wait_ms);
    if (transport->ops->sleep_ms(transport, wait_ms, &quiet) < 0) {
        *err = quiet;
        return -1;
    }
    return 0;
}
