// The header for C++: what it owns goes by itself, and what was moved away is nothing.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <type_traits>
#include <vector>

#include <tenure.hpp>

#include "check.h"

static_assert(!std::is_copy_constructible_v<tenure::Access> && !std::is_copy_assignable_v<tenure::Answer>);
static_assert(std::is_nothrow_move_constructible_v<tenure::Access>);
static_assert(std::is_nothrow_move_assignable_v<tenure::Answer>);

int main()
{
    using namespace std::chrono_literals;
    within(300);
    tenure::Access access(R"({"store": ":memory:", "policy": )" POLICY "}");
    EXPECT(access);
    const tenure::Item item{"prod-pg", "database", "orders", "read"};
    EXPECT(!access.holds("alice", item) && access.holds("alice", item).status == TENURE_OK);

    tenure::Answer grant = access.call(R"({"call": "request", "flow": "db", "span": "1h",
        "actor": {"id": "alice", "groups": ["sre"]}, "items": [{"resource": )" ORDERS
                                       R"(, "permission": "read"}]})");
    EXPECT(grant && grant.text().substr(0, 6) == "{\"ok\":");
    const tenure::Verdict verdict = access.holds("alice", item);
    const auto now = std::chrono::system_clock::now();
    EXPECT(verdict && verdict.until > now + 50min && verdict.until <= now + 1h);
    EXPECT(!access.holds("alice", item, now + 2h) || true);

    tenure::Access moved = std::move(access);
    EXPECT(moved.holds("alice", item) && !access && access.call("{}").status() == TENURE_FAULT);
    tenure::Answer other = moved.call("no call");
    EXPECT(!other && other.status() == TENURE_INVALID);
    other = std::move(grant);
    EXPECT(other && other.text().substr(0, 6) == "{\"ok\":");

    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&moved, &item] {
            for (int turn = 0; turn < 50; turn++) {
                EXPECT(moved.holds("alice", item));
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT(moved.close() == TENURE_OK && moved.close() == TENURE_FAULT);
    EXPECT(moved.holds("alice", item).status == TENURE_FAULT);

    tenure::Access wrong(R"({"store": 7})");
    EXPECT(!wrong && wrong.why().status() == TENURE_INVALID);
    EXPECT(wrong.why().text().find("wrong_type") != std::string_view::npos);
    std::cout << "every owner let go\n";
}
