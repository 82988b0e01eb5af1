/** A second pair of eyes on pool disks, which knows the format's description and nothing of the blobstore's code. */
package io.tenon.blobstore.itest;
