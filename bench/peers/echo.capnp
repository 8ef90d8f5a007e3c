@0xb7a1f3c2d4e59681;

interface Sink {
  take @0 (bytes :Data) -> stream;
}

interface Echo {
  call @0 (bytes :Data) -> (bytes :Data);
  items @1 (bytes :Data, count :UInt32, to :Sink);
}
