package io.tenon.metadata;

/** The store answered that it will not: no right to, no space, too large for it. Nothing was done; asking again is of no use. */
public final class StoreRefusedException extends StoreException {
  private static final long serialVersionUID = 1;

  /**
   * @param why a sentence
   * @param remedy a sentence
   */
  public StoreRefusedException(String why, String remedy) {
    super("The metadata store refused.", why, remedy);
  }
}
