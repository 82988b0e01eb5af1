package io.tenon.shell.client;

import java.util.Set;
import org.jline.reader.LineReader;
import org.jline.reader.Widget;

/**
 * What keys do at a prompt that runs in the node for somebody elsewhere. JLine can do much more than edit a line: one key opens an
 * editor that reads and writes this machine's files, others repeat a key a billion times or take in a paste without end, and the node
 * with them. So what is not listed here does nothing.
 */
final class Keys {
  /** Longest line, in characters. */
  static final int MAX_LINE = 8192;

  private static final int MAX_HISTORY = 200;
  private static final int MAX_UNDONE = 128;

  private static final Set<String> ALLOWED =
      Set.of(
          LineReader.ACCEPT_LINE,
          LineReader.BACKWARD_CHAR,
          LineReader.BACKWARD_DELETE_CHAR,
          LineReader.BACKWARD_DELETE_WORD,
          LineReader.BACKWARD_KILL_LINE,
          LineReader.BACKWARD_KILL_WORD,
          LineReader.BACKWARD_WORD,
          LineReader.BEEP,
          LineReader.BEGINNING_OF_LINE,
          LineReader.CALLBACK_FINISH,
          LineReader.CALLBACK_INIT,
          LineReader.CALLBACK_KEYMAP,
          LineReader.CLEAR,
          LineReader.CLEAR_SCREEN,
          LineReader.COMPLETE_PREFIX,
          LineReader.COMPLETE_WORD,
          LineReader.DELETE_CHAR,
          LineReader.DELETE_CHAR_OR_LIST,
          LineReader.DELETE_WORD,
          LineReader.DOWN_HISTORY,
          LineReader.DOWN_LINE,
          LineReader.DOWN_LINE_OR_HISTORY,
          LineReader.DOWN_LINE_OR_SEARCH,
          LineReader.EMACS_BACKWARD_WORD,
          LineReader.EMACS_FORWARD_WORD,
          LineReader.END_OF_LINE,
          LineReader.EXPAND_OR_COMPLETE,
          LineReader.FORWARD_CHAR,
          LineReader.FORWARD_WORD,
          LineReader.FRESH_LINE,
          LineReader.HISTORY_INCREMENTAL_SEARCH_BACKWARD,
          LineReader.HISTORY_INCREMENTAL_SEARCH_FORWARD,
          LineReader.HISTORY_SEARCH_BACKWARD,
          LineReader.HISTORY_SEARCH_FORWARD,
          LineReader.INSERT_CLOSE_CURLY,
          LineReader.INSERT_CLOSE_PAREN,
          LineReader.INSERT_CLOSE_SQUARE,
          LineReader.KILL_LINE,
          LineReader.KILL_WHOLE_LINE,
          LineReader.KILL_WORD,
          LineReader.LIST_CHOICES,
          LineReader.REDISPLAY,
          LineReader.REDRAW_LINE,
          LineReader.SELF_INSERT,
          LineReader.SEND_BREAK,
          LineReader.TRANSPOSE_CHARS,
          LineReader.UNDEFINED_KEY,
          LineReader.UNDO,
          LineReader.UP_HISTORY,
          LineReader.UP_LINE,
          LineReader.UP_LINE_OR_HISTORY,
          LineReader.UP_LINE_OR_SEARCH,
          LineReader.YANK);

  private Keys() {}

  static void guard(LineReader reader) {
    Widget nothing = () -> false; // JLine beeps
    reader
        .getWidgets()
        .replaceAll((name, widget) -> ALLOWED.contains(name) ? bounded(reader, widget) : nothing);
    // A line break in a paste ends the line, as one that is typed.
    reader.unsetOpt(LineReader.Option.BRACKETED_PASTE);
    // Otherwise !1 !! and the like make of a short line a long one, which is not what was typed.
    reader.setOpt(LineReader.Option.DISABLE_EVENT_EXPANSION);
    reader.setVariable(LineReader.HISTORY_SIZE, MAX_HISTORY);
    reader.setVariable(LineReader.HISTORY_FILE_SIZE, MAX_HISTORY);
    reader.setVariable(LineReader.FEATURES_MAX_BUFFER_SIZE, MAX_UNDONE);
  }

  private static Widget bounded(LineReader reader, Widget widget) {
    return () -> {
      boolean done = widget.apply();
      if (reader.getBuffer().length() <= MAX_LINE) return done;
      reader.getBuffer().clear();
      return false;
    };
  }
}
