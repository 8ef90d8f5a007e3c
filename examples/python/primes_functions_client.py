"""The client of primes_client.py as a function, in plain code and in a coroutine. Section 2.8."""

import asyncio

from address import address

from daffi import BG, Global
from daffi.decorators import fetcher


@fetcher
def primes(end):
    pass


async def sum_of_primes(end):
    total = 0
    async for prime in primes.call(end, exec_modifier=BG(timeout=30)):
        total += prime
    return total


if __name__ == "__main__":
    with Global(**address()):
        for prime in primes(20):
            print(prime)
        print("sum", asyncio.run(sum_of_primes(1000)))
