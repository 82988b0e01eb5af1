package io.tenon.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AllocationHintTest {
  private static final int BLOCK_SHIFT = 9;
  private static final long USUAL = 128;
  private static final long END = 100_000;

  private final AllocationHint hint = new AllocationHint(BLOCK_SHIFT);

  private long pieceFrom(long lba) {
    return hint.pieceFrom(lba, USUAL, END);
  }

  @Test
  void piecesEndAtMultiplesOfTheirLengthAndAtTheEnd() {
    assertEquals(USUAL, pieceFrom(0));
    assertEquals(28, pieceFrom(100));
    assertEquals(END % USUAL, pieceFrom(END - END % USUAL));
  }

  @Test
  void whatIsSaidToBeDataNeedsNoQuestion() {
    hint.learn(1000, 500, true, 1000);
    assertTrue(hint.isData(1000, 500));
    assertFalse(hint.isData(1000, 501));
    assertFalse(hint.isData(999, 10));
    assertEquals(USUAL - 1100 % USUAL, pieceFrom(1100));
  }

  @Test
  void whereNothingIsPiecesAreLongerAndTheirOwnBlocksAreAsked() {
    hint.learn(1000, 50_000, false, 1000);
    assertFalse(hint.isData(1000, 1));
    assertEquals(2048 - 1000, pieceFrom(1000));
    assertEquals(2048, pieceFrom(2048));
    assertEquals(51_000 - 49_152, pieceFrom(49_152));
    assertEquals(2048, hint.blocksToAsk(2048, 2048, END));
    assertEquals(END - 50_900, hint.blocksToAsk(50_900, 128, END));
  }

  @Test
  void piecesWhereNothingIsAreOfAMebibyteWhateverIsUsual() {
    hint.learn(0, END, false, 0);
    assertEquals(2048, hint.pieceFrom(0, 4 * USUAL, END));
    assertEquals(4096, hint.pieceFrom(0, 4096, END));
  }

  @Test
  void aPieceIsNeverShorterForWhatIsSaid() {
    hint.learn(1000, 1, false, 1000);
    assertEquals(USUAL - 1000 % USUAL, pieceFrom(1000));
  }

  @Test
  void anAnswerThatSaysLessDoesNotReplaceOneThatIsStillOfUse() {
    hint.learn(0, 10_000, true, 128);
    hint.learn(128, 64, false, 256);
    assertTrue(hint.isData(256, 128));
    hint.learn(9_984, 64, false, 10_000);
    assertFalse(hint.isData(9_984, 16));
  }
}
