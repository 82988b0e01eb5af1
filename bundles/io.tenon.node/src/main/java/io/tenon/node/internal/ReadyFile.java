package io.tenon.node.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * {@code ready.json} in the node's data folder: there while the node is ready, and then with the addresses that it really
 * listens on. Appears whole or not at all.
 */
record ReadyFile(Path path) {
  void write(long pid, double seconds, Map<String, String> addresses) throws IOException {
    Path next = path.resolveSibling(path.getFileName() + ".new");
    Files.writeString(next, json(pid, seconds, addresses));
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
  }

  void delete() throws IOException {
    Files.deleteIfExists(path);
  }

  static String json(long pid, double seconds, Map<String, String> addresses) {
    var json = new StringBuilder("{\"pid\": ").append(pid);
    json.append(", \"ready_seconds\": ").append(Seconds.text(seconds));
    addresses.forEach(
        (name, address) ->
            json.append(", ").append(quote(name)).append(": ").append(quote(address)));
    return json.append("}\n").toString();
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
