package com.acme
package shop

import scala.collection.mutable

// A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept.

class Entry(size: Int) {
  val text = new Array[Byte](size) // leaks a record
}

class Store {
  private val sessions = mutable.HashMap[Int, Array[Byte]]()
  private val audit = mutable.ArrayBuffer[Entry]()
  private val recent = mutable.ArrayDeque[Array[Byte]]()

  def login(id: Int): Unit = sessions(id) = new Array[Byte](16 << 10) // leaks a session

  def record(): Unit = {
    val append = () => audit += new Entry(12 << 10) // makes an entry
    append()
  }

  def look(): Unit = {
    recent += new Array[Byte](16 << 10) // keeps pages
    if (recent.size > 1000) recent.removeHead()
  }
}

object Shop {
  private val store = new Store

  def main(args: Array[String]): Unit = {
    for (_ <- 0 until 2000) store.look()
    for (i <- 0 until 6000) {
      store.login(i)
      store.record()
      for (_ <- 0 until 3) store.look()
      if (i % 100 == 0) Thread.sleep(10)
    }
    System.gc()
  }
}
