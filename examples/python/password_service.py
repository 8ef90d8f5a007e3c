"""Methods that stay private: a leading underscore, or @local. Section 2.4."""

from address import address

from daffi import Global
from daffi.decorators import local
from daffi.registry import Callback


class Passwords(Callback):
    auto_init = True

    def strength(self, password):
        return self.kinds(password) * self._length(password)

    @local
    def kinds(self, password):
        return sum(any(test(sign) for sign in password) for test in (str.islower, str.isupper, str.isdigit))

    def _length(self, password):
        return len(password)


if __name__ == "__main__":
    g = Global(process_name="passwords", init_controller=True, **address())
    print("guarding")
    g.join()
