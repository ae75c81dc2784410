"""The files that training scripts write and that pages read: names, layout, writer, reader, grants."""
