"""Ctrl-C in the midst of a stream, in either direction."""


def test_ctrl_c_interrupts_a_loop_over_a_stream(programs):
    service = programs("""
        import threading
        from daffi import Global
        from daffi.decorators import callback
        @callback
        def stuck():
            try:
                yield 1
                threading.Event().wait(30)
            finally:
                print("ended")
        g = Global(init_controller=True, unix_sock_path=SOCKET)
        print("up")
        g.join()
    """)
    service.expect("up")
    client = programs("""
        from daffi import FG, Global
        g = Global(unix_sock_path=SOCKET)
        try:
            for item in g.call.stuck() & FG:
                print("got", item)
        except KeyboardInterrupt:
            print("interrupted")
    """)
    client.expect("got 1")
    client.interrupt()
    client.expect("interrupted")
    client.finish()


def test_ctrl_c_interrupts_a_stream_to_a_callback(programs):
    service = programs("""
        import threading
        from daffi import Global
        from daffi.decorators import callback
        @callback
        def stuck(item):
            print("has", item)
            threading.Event().wait(30)
        g = Global(init_controller=True, unix_sock_path=SOCKET)
        print("up")
        g.join()
    """)
    service.expect("up")
    client = programs("""
        import itertools
        from daffi import FG, Global
        from daffi.decorators import fetcher
        @fetcher
        def stuck():
            try:
                yield from itertools.count()
            finally:
                print("ended")
        g = Global(unix_sock_path=SOCKET)
        try:
            stuck() & FG
        except KeyboardInterrupt:
            print("interrupted")
    """)
    service.expect("has 0")
    client.interrupt()
    client.expect("ended")
    client.expect("interrupted")
    client.finish()
