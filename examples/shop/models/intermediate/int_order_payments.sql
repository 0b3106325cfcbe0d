with payments as (

    select
        order_id,
        case when kind = 'charge' then amount else 0 end as charged,
        case when kind = 'refund' then amount else 0 end as refunded
    from {{ ref('stg_payments') }}

)

select
    order_id,
    sum(charged) as charged,
    sum(refunded) as refunded,
    sum(charged - refunded) as paid
from payments
group by order_id
