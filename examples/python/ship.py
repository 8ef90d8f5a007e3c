"""May be started before lighthouse.py: it keeps looking for it. Section 2.6."""

from address import address

from daffi import FG, Global

if __name__ == "__main__":
    g = Global(process_name="ship", **address())
    g.wait_process("lighthouse")
    print(f"{g.process_name} sees the lighthouse")
    g.wait_function("signal")
    print(g.call.signal() & FG)
    g.stop()
