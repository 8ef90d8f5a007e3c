"""grpcio: a server with a pool of ten threads, and a caller; plain bytes as messages."""

from concurrent import futures

import grpc

from common import BATCH, arguments, measure, ready, windowed

OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def callee(args):
    def items(request, context):
        count, size = map(int, request.split())
        for _ in range(count):
            yield b"x" * size

    def take(requests, context):
        for _ in requests:
            pass
        return b""

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {
        "Call": grpc.unary_unary_rpc_method_handler(lambda request, context: request),
        "Items": grpc.unary_stream_rpc_method_handler(items),
        "Take": grpc.stream_unary_rpc_method_handler(take),
    }),))
    port = server.add_insecure_port(f"unix:{args.unix}/grpc.sock" if args.unix else "127.0.0.1:0")
    server.start()
    ready(0 if args.unix else port)
    server.wait_for_termination()


def caller(args):
    address = f"unix:{args.unix}/grpc.sock" if args.unix else f"127.0.0.1:{args.port}"
    with grpc.insecure_channel(address, options=OPTIONS) as channel:
        payload = b"x" * args.payload
        echo = channel.unary_unary("/bench.Echo/Call")
        items = channel.unary_stream("/bench.Echo/Items")
        take = channel.stream_unary("/bench.Echo/Take")

        def taken():
            take(payload for _ in range(BATCH))
            return BATCH

        measure(args, {
            "call": lambda: echo(payload),
            "pipeline": windowed(args, lambda: echo.future(payload), lambda call: call.result()),
            "stream_to_fetcher": lambda: sum(1 for _ in items(b"%d %d" % (BATCH, args.payload))),
            "stream_to_callback": taken,
        })


given = arguments()
{"callee": callee, "caller": caller}[given.role](given)
