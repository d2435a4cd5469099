/*
 * tenure for C++17: what tenure.h has, with owners that let go by themselves. Nothing here throws but std::bad_alloc.
 *
 *     tenure::Access access(R"({"store": "access.db", "policy": "flows.yaml"})");
 *     if (!access) std::cerr << access.why().text() << '\n';
 *     tenure::Answer grant = access.call(R"({"call": "look", "grant": "g1"})");
 *     if (access.holds("alice", {"prod-pg", "database", "orders", "read"})) { ... }
 *
 * Threads and forks are as tenure.h says. An Access may be used on many threads, but not while it is moved or destroyed.
 */
#ifndef TENURE_HPP
#define TENURE_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tenure.h"

namespace tenure {

/** What came of a call: its sort, and canonical JSON. */
class Answer {
public:
    Answer(tenure_status status, tenure_text text) noexcept : status_(status), text_(text) {}
    Answer(Answer &&other) noexcept : status_(other.status_), text_(std::exchange(other.text_, {nullptr, 0})) {}
    Answer &operator=(Answer &&other) noexcept
    {
        std::swap(status_, other.status_);
        std::swap(text_, other.text_);
        return *this;
    }
    Answer(const Answer &) = delete;
    Answer &operator=(const Answer &) = delete;
    ~Answer() { tenure_free(&text_); }

    tenure_status status() const noexcept { return status_; }
    /** The JSON; it stays as long as this answer does. */
    std::string_view text() const noexcept { return {text_.bytes, text_.len}; }
    /** Whether it is `ok`. */
    explicit operator bool() const noexcept { return status_ == TENURE_OK; }

private:
    tenure_status status_;
    tenure_text text_;
};

/** A permission on a resource. */
struct Item {
    std::string integration;
    std::string type;
    std::string name;
    std::string permission;
};

/** Whether access is held. */
struct Verdict {
    /** Where it is not TENURE_OK, the store cannot say. That is no yes. */
    tenure_status status;
    bool allowed;
    /** Until when, where it is held. */
    std::chrono::system_clock::time_point until;

    explicit operator bool() const noexcept { return allowed; }
};

/** An open store in one namespace; it is closed when this goes. */
class Access {
public:
    explicit Access(std::string_view config) noexcept
    {
        status_ = tenure_open(config.data(), config.size(), &handle_);
    }
    Access(Access &&other) noexcept
        : handle_(std::exchange(other.handle_, 0)), status_(std::exchange(other.status_, TENURE_FAULT))
    {
    }
    Access &operator=(Access &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        std::swap(status_, other.status_);
        return *this;
    }
    Access(const Access &) = delete;
    Access &operator=(const Access &) = delete;
    ~Access()
    {
        if (handle_ != 0) {
            tenure_close(handle_);
        }
    }

    /** Whether it could be opened. */
    explicit operator bool() const noexcept { return status_ == TENURE_OK; }

    /** Why it could not be opened. */
    Answer why() const noexcept { return call({}); }

    Answer call(std::string_view json) const noexcept
    {
        tenure_text text{nullptr, 0};
        const tenure_status status = tenure_call(handle_, json.data(), json.size(), &text);
        return {status, text};
    }

    /** By the store's clock, or at that instant. */
    Verdict holds(const std::string &person, const Item &item,
                  std::optional<std::chrono::system_clock::time_point> now = std::nullopt) const noexcept
    {
        using std::chrono::milliseconds;
        const tenure_item asked{item.integration.c_str(), item.type.c_str(), item.name.c_str(),
                                item.permission.c_str()};
        int64_t at = 0;
        if (now) {
            at = std::chrono::floor<milliseconds>(now->time_since_epoch()).count();
        }
        tenure_verdict verdict{false, 0};
        const tenure_status status =
            tenure_holds(handle_, person.c_str(), &asked, now ? &at : nullptr, &verdict);
        return {status, verdict.allowed, std::chrono::system_clock::time_point(milliseconds(verdict.until))};
    }

    /** Closes it before it goes. Every later call answers that it is closed. */
    tenure_status close() noexcept { return tenure_close(handle_); }

private:
    tenure_handle handle_ = 0;
    tenure_status status_ = TENURE_FAULT;
};

} // namespace tenure

#endif
