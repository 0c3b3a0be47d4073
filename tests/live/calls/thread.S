/* Threads without a library: the new thread begins with a function and its argument at the top of its own stack. */
    .text
    .globl thread_clone
    .type thread_clone, @function
/* flags rdi, stack top rsi, function rdx, argument rcx, child tid r8, cleared r9 */
thread_clone:
    sub $16, %rsi
    mov %rdx, (%rsi)
    mov %rcx, 8(%rsi)
    mov %r8, %rdx
    mov %r9, %r10
    xor %r8d, %r8d
    mov $56, %eax
    syscall
    test %rax, %rax
    jz child_begins
    ret

    .globl thread_clone3
    .type thread_clone3, @function
/* args rdi, size rsi, function rdx, argument rcx */
thread_clone3:
    mov %rdx, %r8
    mov %rcx, %r9
    mov $435, %eax
    syscall
    test %rax, %rax
    jz child3_begins
    ret

child_begins:
    pop %rax
    pop %rdi
    xor %ebp, %ebp
    and $-16, %rsp
    call *%rax
    hlt

child3_begins:
    mov %r8, %rax
    mov %r9, %rdi
    xor %ebp, %ebp
    and $-16, %rsp
    call *%rax
    hlt

    .section .note.GNU-stack,"",@progbits
