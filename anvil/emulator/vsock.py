#!/usr/bin/env python3
"""
The host's end of an emulated enclave's vsock: a vhost-user backend (docs/interop/vhost-user.rst in QEMU's source) that
carries each stream of the guest's virtio-vsock device (virtio 1.2, section 5.10) over a unix socket.

    vsock.py --vhost SOCKET --cid N --forward PATH=PORT@CID ...

Who connects to PATH reaches PORT in the guest, which sees it come from CID; 3 is the parent's. The guest reaches one port
of the parent alone, the heartbeat's, which is answered here. Says "up" when QEMU may be started and "heartbeat" at boot.
"""
import argparse
import errno
import mmap
import os
import selectors
import socket
import struct

PACKET = struct.Struct("<QQIIIHHIII")  # src and dst CID, src and dst port, length, type, operation, flags, buffer, forwarded
REQUEST, RESPONSE, RESET, SHUTDOWN, DATA, CREDIT, ASK_CREDIT = range(1, 8)
STREAM = 1
WONT_RECEIVE, WONT_SEND = 1, 2
BUFFER_BYTES = 256 * 1024
DATA_BYTES_MAX = 3500  # with its header within the smallest buffer that Linux gives
WAITING_MAX = 64  # packets for which the guest has not given buffers yet
HEARTBEAT_PORT, HEARTBEAT = 9000, b"\xb7"
WRAP = 0xFFFFFFFF

RECEIVE, TRANSMIT = 0, 1  # the guest's queues as it names them
HAS_NEXT = 1
NO_INTERRUPT = 1

selector = selectors.DefaultSelector()


class Ring:
    """A virtqueue: where it lies in the guest's memory, and how far it was read."""

    def __init__(self):
        self.size = self.seen = 0
        self.descriptors = self.available = self.used = None
        self.kick = self.call = None
        self.enabled = False


class Memory:
    """The guest's memory, as QEMU shares it."""

    def __init__(self):
        self.regions = []

    def map(self, payload, files):
        self.regions = []
        for index in range(struct.unpack_from("<I", payload)[0]):
            guest, size, user, offset = struct.unpack_from("<QQQQ", payload, 8 + 32 * index)
            self.regions.append((guest, user, size, offset, mmap.mmap(files[index], size + offset)))
            os.close(files[index])

    def find(self, address, length, by_user=False):
        for guest, user, size, offset, memory in self.regions:
            base = user if by_user else guest
            if base <= address and address + length <= base + size:
                return memory, address - base + offset
        raise ValueError(f"{address:#x} is not in the guest's memory")


class Stream:
    """One connection: a unix socket here, a vsock in the guest."""

    def __init__(self, key, peer):
        self.key = key  # the guest's port, our port, our CID
        self.peer = peer
        self.pending = bytearray()  # from the guest, not yet taken by our side
        self.sent = self.forwarded = self.guest_buffer = self.guest_forwarded = 0
        self.open = self.ended = self.guest_ended = self.closing = False
        self.events = 0

    def credit(self):
        return self.guest_buffer - ((self.sent - self.guest_forwarded) & WRAP)


class Device:
    """The device: rings, streams, and what waits for buffers of the guest."""

    def __init__(self, control, cid):
        self.control, self.cid = control, cid
        self.memory, self.rings = Memory(), [Ring(), Ring()]
        self.streams, self.waiting, self.last_port = {}, [], 1 << 30
        selector.register(control, selectors.EVENT_READ, lambda _: self.answer())

    # Rings

    def take(self, queue):
        """The next chain of buffers: its head and its parts, or None."""
        ring = self.rings[queue]
        if not (ring.enabled and ring.available and ring.descriptors):
            return None
        memory, at = self.memory.find(ring.available, 4 + 2 * ring.size, True)
        if struct.unpack_from("<H", memory, at + 2)[0] == ring.seen:
            return None
        head = struct.unpack_from("<H", memory, at + 4 + 2 * (ring.seen % ring.size))[0]
        ring.seen = (ring.seen + 1) & 0xFFFF
        parts, index, more = [], head, True
        while more:
            memory, at = self.memory.find(ring.descriptors + 16 * index, 16, True)
            address, length, flags, index = struct.unpack_from("<QIHH", memory, at)
            parts.append((address, length))
            more = flags & HAS_NEXT
        return head, parts

    def give_back(self, queue, head, length):
        ring = self.rings[queue]
        memory, at = self.memory.find(ring.used, 4 + 8 * ring.size, True)
        index = struct.unpack_from("<H", memory, at + 2)[0]
        struct.pack_into("<II", memory, at + 4 + 8 * (index % ring.size), head, length)
        struct.pack_into("<H", memory, at + 2, (index + 1) & 0xFFFF)
        memory, at = self.memory.find(ring.available, 4, True)
        if ring.call is not None and not struct.unpack_from("<H", memory, at)[0] & NO_INTERRUPT:
            os.eventfd_write(ring.call, 1)

    # To the guest

    def send(self, key, operation, data=b"", flags=0, forwarded=0):
        guest_port, port, cid = key
        head = PACKET.pack(
            cid, self.cid, port, guest_port, len(data), STREAM, operation, flags, BUFFER_BYTES, forwarded & WRAP
        )
        self.waiting.append(head + data)
        self.flush()

    def tell(self, stream, operation, data=b"", flags=0):
        self.send(stream.key, operation, data, flags, stream.forwarded)

    def flush(self):
        while self.waiting:
            chain = self.take(RECEIVE)
            if chain is None:
                return
            head, parts = chain
            packet, done = self.waiting.pop(0), 0
            for address, length in parts:
                piece = packet[done : done + length]
                if piece:
                    memory, at = self.memory.find(address, len(piece))
                    memory[at : at + len(piece)] = piece
                    done += len(piece)
            self.give_back(RECEIVE, head, done)

    # From the guest

    def receive(self):
        while (chain := self.take(TRANSMIT)) is not None:
            head, parts = chain
            packet = b""
            for address, length in parts:
                memory, at = self.memory.find(address, length)
                packet += memory[at : at + length]
            self.give_back(TRANSMIT, head, 0)
            self.handle(packet)
        for stream in list(self.streams.values()):
            self.watch(stream)

    def handle(self, packet):
        _, cid, guest_port, port, length, _, operation, flags, buffer, forwarded = PACKET.unpack_from(packet)
        data, key = packet[PACKET.size : PACKET.size + length], (guest_port, port, cid)
        if operation == REQUEST:
            return self.accept_guest(key, buffer, forwarded)
        stream = self.streams.get(key)
        if stream is None:
            if operation != RESET:
                self.send(key, RESET)
            return None
        stream.guest_buffer, stream.guest_forwarded = buffer, forwarded
        if operation == RESPONSE:
            stream.open = True
        elif operation == DATA:
            stream.pending += data
            self.pass_on(stream)
        elif operation == RESET:
            self.drop(stream)
        elif operation == ASK_CREDIT:
            self.tell(stream, CREDIT)
        elif operation == SHUTDOWN:
            stream.guest_ended |= bool(flags & WONT_SEND)
            stream.closing |= flags == WONT_SEND | WONT_RECEIVE
            self.pass_on(stream)

    def accept_guest(self, key, buffer, forwarded):
        """The heartbeat is the one thing that a guest may reach."""
        if key[1] != HEARTBEAT_PORT:
            return self.send(key, RESET)
        ours, echo = socket.socketpair()
        stream = self.add(key, ours)
        stream.open, stream.guest_buffer, stream.guest_forwarded = True, buffer, forwarded
        self.tell(stream, RESPONSE)
        selector.register(echo, selectors.EVENT_READ, lambda _: beat(echo))
        self.watch(stream)

    # Our side of a stream

    def add(self, key, peer):
        peer.setblocking(False)
        self.streams[key] = stream = Stream(key, peer)
        return stream

    def connect(self, listener, port, cid):
        peer, _ = listener.accept()
        self.last_port += 1
        self.tell(self.add((port, self.last_port, cid), peer), REQUEST)

    def watch(self, stream):
        """Waits for what can go on: reading while the guest has room, writing while something is pending."""
        if stream.key not in self.streams:
            return
        may_read = stream.open and not stream.ended and stream.credit() > 0 and len(self.waiting) < WAITING_MAX
        events = (selectors.EVENT_READ if may_read else 0) | (selectors.EVENT_WRITE if stream.pending else 0)
        if events == stream.events:
            return
        if stream.events:
            selector.unregister(stream.peer)
        if events:
            selector.register(stream.peer, events, lambda mask: self.go_on(stream, mask))
        stream.events = events

    def go_on(self, stream, mask):
        # What was ready together is told one by one: meanwhile the guest may have ended this stream.
        if stream.key in self.streams and mask & selectors.EVENT_WRITE:
            self.pass_on(stream)
        if mask & selectors.EVENT_READ and stream.key in self.streams:
            self.read(stream)
        self.watch(stream)

    def read(self, stream):
        try:
            data = stream.peer.recv(min(DATA_BYTES_MAX, stream.credit()))
        except BlockingIOError:
            return
        except OSError:
            return self.reset(stream)
        if data:
            stream.sent = (stream.sent + len(data)) & WRAP
            return self.tell(stream, DATA, data)
        stream.ended = True
        self.tell(stream, SHUTDOWN, flags=WONT_SEND | (WONT_RECEIVE if stream.guest_ended else 0))

    def pass_on(self, stream):
        try:
            while stream.pending:
                count = stream.peer.send(stream.pending)
                del stream.pending[:count]
                stream.forwarded += count
                self.tell(stream, CREDIT)
        except BlockingIOError:
            return
        except OSError:
            return self.reset(stream)
        if stream.closing:
            self.reset(stream)
        elif stream.guest_ended:
            try:
                stream.peer.shutdown(socket.SHUT_WR)
            except OSError as error:
                if error.errno != errno.ENOTCONN:
                    raise

    def reset(self, stream):
        self.tell(stream, RESET)
        self.drop(stream)

    def drop(self, stream):
        self.streams.pop(stream.key, None)
        if stream.events:
            selector.unregister(stream.peer)
            stream.events = 0
        stream.peer.close()

    # What QEMU says

    def answer(self):
        head, files, _, _ = socket.recv_fds(self.control, 12, 16)
        if len(head) < 12:
            raise SystemExit(0)  # QEMU has gone
        request, flags, size = struct.unpack("<III", head)
        payload = b""
        while len(payload) < size:
            payload += self.control.recv(size - len(payload))
        reply = self.handle_control(request, payload, files)
        if reply is None and flags & 8:
            reply = struct.pack("<Q", 0)
        if reply is not None:
            self.control.sendall(struct.pack("<III", request, 5, len(reply)) + reply)

    def handle_control(self, request, payload, files):
        if request == 1:  # GET_FEATURES: VERSION_1, PROTOCOL_FEATURES
            return struct.pack("<Q", 1 << 32 | 1 << 30)
        if request == 15:  # GET_PROTOCOL_FEATURES: MQ, REPLY_ACK, CONFIG
            return struct.pack("<Q", 1 << 0 | 1 << 3 | 1 << 9)
        if request == 17:  # GET_QUEUE_NUM
            return struct.pack("<Q", len(self.rings))
        if request == 24:  # GET_CONFIG: the guest's CID
            offset, size, flags = struct.unpack_from("<III", payload)
            return struct.pack("<III", offset, size, flags) + struct.pack("<Q", self.cid)[offset:][:size].ljust(size, b"\0")
        if request == 5:  # SET_MEM_TABLE
            return self.memory.map(payload, files)
        if 8 <= request <= 13 or request == 18:  # SET_VRING_NUM to SET_VRING_CALL, SET_VRING_ENABLE
            return self.handle_ring(request, payload, files)
        return None

    def handle_ring(self, request, payload, files):
        ring = self.rings[payload[0]]
        number = struct.unpack_from("<I", payload, 4)[0]
        if request == 8:  # SET_VRING_NUM
            ring.size = number
        elif request == 9:  # SET_VRING_ADDR
            ring.descriptors, ring.used, ring.available = struct.unpack_from("<QQQ", payload, 8)
        elif request == 10:  # SET_VRING_BASE
            ring.seen = number
        elif request == 11:  # GET_VRING_BASE
            ring.enabled = False
            self.set_kick(ring, None)
            return struct.pack("<II", payload[0], ring.seen)
        elif request == 12:  # SET_VRING_KICK
            self.set_kick(ring, files[0] if files else None)
        elif request == 13:  # SET_VRING_CALL
            ring.call = files[0] if files else None
        elif request == 18:  # SET_VRING_ENABLE
            ring.enabled = bool(number)
            self.go_round()
        return None

    def set_kick(self, ring, descriptor):
        if ring.kick is not None:
            selector.unregister(ring.kick)
            os.close(ring.kick)
        ring.kick = descriptor
        if descriptor is not None:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ, lambda _: self.kicked(descriptor))

    def kicked(self, descriptor):
        try:
            os.eventfd_read(descriptor)
        except BlockingIOError:
            return
        self.go_round()

    def go_round(self):
        self.flush()
        self.receive()


def beat(echo):
    """Sends the heartbeat back."""
    byte = echo.recv(1)
    if byte == HEARTBEAT:
        echo.sendall(byte)
        print("heartbeat", flush=True)
    selector.unregister(echo)


def listen(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    return listener


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vhost", required=True)
    parser.add_argument("--cid", type=int, required=True)
    parser.add_argument("--forward", action="append", default=[])
    options = parser.parse_args()
    vhost = listen(options.vhost)
    forwards = []
    for forward in options.forward:
        path, target = forward.rsplit("=", 1)
        port, cid = map(int, target.split("@"))
        forwards.append((listen(path), port, cid))
    print("up", flush=True)
    device = Device(vhost.accept()[0], options.cid)
    for listener, port, cid in forwards:
        selector.register(
            listener, selectors.EVENT_READ, lambda _, at=listener, port=port, cid=cid: device.connect(at, port, cid)
        )
    while True:
        for key, mask in selector.select():
            key.data(mask)


main()
