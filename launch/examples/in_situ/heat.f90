! A plate that conducts heat and makes some by itself, as heat.c has a rod: a network learns the term that
! says how much, while the program runs, and takes its place from half time on.
!
!   mpirun -n 3 heat_f closure.yaml runs/plate 400 2     two of the ranks train it
!   mpirun -n 2 heat_f runs/plate runs/plate 400         goes on from its checkpoint, on all
!
! Three fields x(i, j, 1:3) go in and one comes out, all as they lie: sections of larger arrays, fields=.true.
program heat
  use mpi_f08
  use, intrinsic :: iso_fortran_env, only: real64, int64, error_unit
  use gyre
  implicit none
  integer, parameter :: nx = 48, ny = 60
  real(real64), parameter :: conducts = 0.2, makes = 3e-4
  type(MPI_Comm) :: trainers
  type(network) :: net
  real(real64), allocatable :: u(:,:), v(:,:), x(:,:,:), term(:,:)
  character(256) :: from, run_dir
  integer :: rank, ranks, first, last, steps, some, t
  logical :: trains
  real(real64) :: loss, error

  call MPI_Init()
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call MPI_Comm_size(MPI_COMM_WORLD, ranks)
  call read_arguments()
  trains = rank < some
  call MPI_Comm_split(MPI_COMM_WORLD, merge(0, MPI_UNDEFINED, trains), rank, trainers)
  first = ny * rank / ranks + 1
  last = ny * (rank + 1) / ranks
  call begin_fields()

  if (trains) call gyre_open(net, from, comm=trainers%MPI_VAL, training=.true.)
  if (rank == 0) print '(a, i0, a)', 'begins with ', gyre_steps(net), ' updates'
  do t = 1, steps / 2
    call step_by_term(learns=trains)
    if (rank == 0 .and. t == 1) print '(a, es8.2)', 'loss at first ', loss
  end do
  if (rank == 0) print '(a, es8.2)', 'loss at half time ', loss
  if (trains) call gyre_save(net, run_dir)
  call MPI_Barrier(MPI_COMM_WORLD)
  if (.not. trains) call gyre_open(net, run_dir)

  v = u
  do t = steps / 2 + 1, steps
    call step_by_term(learns=.false.)
    call step_by_network()
  end do
  error = field_error()
  if (rank == 0) print '(a, f5.2, a)', 'field by the network off by ', 100 * error, ' %'

  call gyre_close(net)
  if (trains) call MPI_Comm_free(trainers)
  call MPI_Finalize()

contains

  subroutine read_arguments()
    character(32) :: number
    if (command_argument_count() < 3) call refuse_arguments()
    call get_command_argument(1, from)
    call get_command_argument(2, run_dir)
    call get_command_argument(3, number)
    read (number, *) steps
    some = ranks
    if (command_argument_count() < 4) return
    call get_command_argument(4, number)
    read (number, *) some
    if (some < 1) call refuse_arguments()
  end subroutine

  subroutine refuse_arguments()
    if (rank == 0) write (error_unit, '(a)') 'usage: heat_f CONFIGURATION|RUN RUN_DIR STEPS [RANKS, at least 1]'
    flush (error_unit)
    call MPI_Abort(MPI_COMM_WORLD, 2)
  end subroutine

  ! With a line of each neighbour, and an edge that stays at 0.
  subroutine begin_fields()
    integer :: i, j
    real(real64) :: a, b
    allocate (u(0:nx + 1, first - 1:last + 1), v(0:nx + 1, first - 1:last + 1), source=0.0_real64)
    allocate (x(0:nx + 1, first - 1:last + 1, 3), source=0.0_real64)
    allocate (term(nx, first:last), source=0.0_real64)
    do j = first, last
      do i = 1, nx
        a = (i - 0.5_real64) / nx
        b = (j - 0.5_real64) / ny
        u(i, j) = exp(-40 * ((a - 0.3_real64)**2 + (b - 0.6_real64)**2)) + 0.3 * abs(sin(9 * a * b))
      end do
    end do
  end subroutine

  subroutine exchange_lines(f)
    real(real64), contiguous, intent(inout) :: f(0:, first - 1:)
    integer :: below, above
    below = merge(rank - 1, MPI_PROC_NULL, rank > 0)
    above = merge(rank + 1, MPI_PROC_NULL, rank + 1 < ranks)
    call MPI_Sendrecv(f(0, first), nx + 2, MPI_DOUBLE_PRECISION, below, 0, &
      f(0, last + 1), nx + 2, MPI_DOUBLE_PRECISION, above, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE)
    call MPI_Sendrecv(f(0, last), nx + 2, MPI_DOUBLE_PRECISION, above, 0, &
      f(0, first - 1), nx + 2, MPI_DOUBLE_PRECISION, below, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE)
  end subroutine

  ! What the term follows from: the temperature and its differences along both axes.
  subroutine look(f)
    real(real64), intent(in) :: f(0:, first - 1:)
    x(1:nx, first:last, 1) = f(1:nx, first:last)
    x(1:nx, first:last, 2) = f(2:nx + 1, first:last) - f(0:nx - 1, first:last)
    x(1:nx, first:last, 3) = f(1:nx, first + 1:last + 1) - f(1:nx, first - 1:last - 1)
  end subroutine

  subroutine advance(f)
    real(real64), intent(inout) :: f(0:, first - 1:)
    f(1:nx, first:last) = f(1:nx, first:last) + makes * term + conducts * (f(2:nx + 1, first:last) &
      + f(0:nx - 1, first:last) + f(1:nx, first + 1:last + 1) + f(1:nx, first - 1:last - 1) &
      - 4 * f(1:nx, first:last))
  end subroutine

  subroutine step_by_term(learns)
    logical, intent(in) :: learns
    call exchange_lines(u)
    call look(u)
    associate (here => x(1:nx, first:last, 1), along => x(1:nx, first:last, 2), across => x(1:nx, first:last, 3))
      term = 2 * here * (1 - here) * exp(-abs(along) - abs(across))
    end associate
    if (learns) call gyre_step(net, x(1:nx, first:last, :), term, loss=loss, fields=.true.)
    call advance(u)
  end subroutine

  subroutine step_by_network()
    call exchange_lines(v)
    call look(v)
    call gyre_apply(net, x(1:nx, first:last, :), term, fields=.true.)
    call advance(v)
  end subroutine

  real(real64) function field_error()
    real(real64) :: sums(2)
    sums = [sum((u(1:nx, first:last) - v(1:nx, first:last))**2), sum(u(1:nx, first:last)**2)]
    call MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE_PRECISION, MPI_SUM, MPI_COMM_WORLD)
    field_error = sqrt(sums(1) / sums(2))
  end function
end program
