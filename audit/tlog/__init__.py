"""The transparency log's formats, pure: bytes in, bytes out (RFC 6962 §2.1, C2SP tlog-tiles, tlog-checkpoint)."""
